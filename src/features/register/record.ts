import { sha512 } from "#sys";
import { formatIp, type Prefix } from "../../base/ip.ts";
import type { Owner } from "../../base/owner.ts";
import type { RegisterWish } from "./wish.ts";
import { API_VERSION, MANAGED_LABEL, MANAGER, OWNER, SERVICE_LABEL } from "./words.ts";

/** What a record tells of an attachment. */
export interface Registered {
  readonly owner: Owner;
  readonly addresses: readonly Prefix[];
  /** As sys/boot.ts has it. */
  readonly boot: string;
  /** Cookie of the host's network namespace, decimal; undefined before Linux 5.14. */
  readonly host: string | undefined;
  /** The host's end of the link. */
  readonly veth: { readonly name: string; readonly index: number };
}

/**
 * The text of a record: a List of EndpointSlices in Kubernetes' shape, one for each service and family, which `kubectl apply`
 * takes. Equal for the same attachment: when it was made, the file's time says. Put together by hand, as objects and their JSON take
 * twice as long in this engine; what has not been checked to be a name is quoted.
 */
export function recordText(registered: Registered, { services, namespace, ports }: RegisterWish): string {
  const tag = tagOf(registered.owner);
  const ends = `"namespace":"${namespace}","annotations":${annotationsOf(registered)}`;
  const ported = ports.map(({ name, port, protocol }) => `{"name":"${name}","port":${port},"protocol":"${protocol}"}`);
  const families = FAMILIES.flatMap(({ addressType, bytes }) => {
    const addresses = registered.addresses.filter(({ ip }) => ip.length === bytes).map(({ ip }) => `"${formatIp(ip)}"`);
    const endpoint = `{"addresses":[${addresses}],"conditions":{"ready":true}}`;
    const rest = `"addressType":"${addressType}","endpoints":[${endpoint}],"ports":[${ported}]`;
    return addresses.length > 0 ? [{ name: addressType.toLowerCase(), rest }] : [];
  });
  const slices = services.flatMap((service) => {
    const labels = `{"${SERVICE_LABEL}":"${service}","${MANAGED_LABEL}":"${MANAGER}"}`;
    return families.map(
      ({ name, rest }) =>
        `{"apiVersion":"${API_VERSION}","kind":"EndpointSlice",\n"metadata":{"name":"${service}-${tag}-${name}","labels":${labels},\n${ends}},\n${rest}}`,
    );
  });
  return `{"apiVersion":"v1","kind":"List","items":[\n${slices.join(",\n")}\n]}\n`;
}

const FAMILIES = [
  { addressType: "IPv4", bytes: 4 },
  { addressType: "IPv6", bytes: 16 },
] as const;

const TAG_LENGTH = 16;

/** Tells the slices of attachments apart, those of other nodes too. */
function tagOf({ network, containerId, ifname }: Owner): string {
  return sha512(`${network}/${containerId}/${ifname}`).slice(0, TAG_LENGTH);
}

function annotationsOf({ owner: { network, containerId, ifname }, boot, host, veth }: Registered): string {
  const link = `"${OWNER.interface}":${JSON.stringify(ifname)},"${OWNER.veth}":"${veth.name}","${OWNER.ifindex}":"${veth.index}"`;
  const made = `"${OWNER.boot}":"${boot}"${host === undefined ? "" : `,"${OWNER.host}":"${host}"`}`;
  return `{"${OWNER.network}":"${network}","${OWNER.container}":"${containerId}",${link},${made}}`;
}
