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
 * takes. Equal for the same attachment: when it was made, the file's time says.
 */
export function recordText(registered: Registered, { services, namespace, ports }: RegisterWish): string {
  const tag = tagOf(registered.owner);
  const annotations = annotationsOf(registered);
  const items = services.flatMap((service) =>
    FAMILIES.flatMap(({ addressType, bytes }) => {
      const addresses = registered.addresses.filter(({ ip }) => ip.length === bytes).map(({ ip }) => formatIp(ip));
      if (addresses.length === 0) return [];
      const labels = { [SERVICE_LABEL]: service, [MANAGED_LABEL]: MANAGER };
      return {
        apiVersion: API_VERSION,
        kind: "EndpointSlice",
        metadata: { name: `${service}-${tag}-${addressType.toLowerCase()}`, namespace, labels, annotations },
        addressType,
        endpoints: [{ addresses, conditions: { ready: true } }],
        ports,
      };
    }),
  );
  return `${JSON.stringify({ apiVersion: "v1", kind: "List", items }, undefined, 1)}\n`;
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

function annotationsOf({ owner, boot, host, veth }: Registered): Record<string, string> {
  return {
    [OWNER.network]: owner.network,
    [OWNER.container]: owner.containerId,
    [OWNER.interface]: owner.ifname,
    [OWNER.boot]: boot,
    ...(host !== undefined && { [OWNER.host]: host }),
    [OWNER.veth]: veth.name,
    [OWNER.ifindex]: `${veth.index}`,
  };
}
