/** For the operator (berth prune): what ADDs made for the whole network, and no DEL takes. */
import type { Host } from "../../host/host.ts";
import type { Link } from "../../rtnl/read-link.ts";
import { isOurs } from "./bridge.ts";
import { isBridgeMac } from "./bridge-mac.ts";
import { readRemains } from "./config.ts";

export interface Left {
  readonly bridge: Link;
  /** Interfaces of the bridge in VLANs, which carry gateways' addresses: each is one end of a pair. */
  readonly gateways: readonly Link[];
  /** Ports that are not theirs: the bridge is in use. */
  readonly ports: readonly Link[];
  /** Whether berth made the bridge. */
  readonly ours: boolean;
}

/** The bridge that a configuration names, and what hangs on it; undefined where there is none. Throws NetlinkError. */
export function leftOf(host: Pick<Host, "listLinks">, config: unknown): Left | undefined {
  const { bridge: name } = readRemains(config);
  if (name === undefined) return undefined;
  const links = host.listLinks();
  const bridge = links.find((link) => link.name === name && link.kind === "bridge");
  if (!bridge) return undefined;
  const ports = links.filter(({ master }) => master === bridge.index);
  const gateways = ports.flatMap(({ peer }) => links.filter((link) => link.index === peer && isVlanOf(bridge, link)));
  const used = ports.filter(({ peer }) => !gateways.some(({ index }) => index === peer));
  const ours = isOurs(bridge) || (bridge.alias === "" && isBridgeMac(name, bridge.mac));
  return { bridge, gateways, ports: used, ours };
}

/** As ensureVlanGateway names them: `<bridge>.<vlan>`. */
function isVlanOf({ name }: Link, { name: other, kind }: Link): boolean {
  return kind === "veth" && other.startsWith(`${name}.`) && /^\d+$/.test(other.slice(name.length + 1));
}
