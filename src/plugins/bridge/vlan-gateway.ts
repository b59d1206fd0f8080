import { EEXIST, isErrno, messageOf } from "../../base/errno.ts";
import type { Host } from "../../host/host.ts";
import { addVeth, deleteLink, IFF_UP, setMaster, setPort, setUp } from "../../rtnl/link.ts";
import type { Link } from "../../rtnl/read-link.ts";
import { CniError, INTERNAL } from "../../spec/errors.ts";
import { portMac, randomMac, randomVethName } from "../../veth/names.ts";
import { joinVlans, type PortVlans } from "./vlan.ts";

/**
 * The interface that carries the gateway's address in a VLAN: `<bridge>.<vlan>`, one end of a pair in the host whose
 * other end is a port of the bridge. Made if it is not there; concurrent callers may race to make it. It stays, as the
 * bridge does.
 * @throws CniError
 */
export function ensureVlanGateway(host: Host, bridge: Link, vlans: PortVlans): Link {
  const name = `${bridge.name}.${vlans.vlan}`;
  const there = host.findLink(name);
  try {
    if (there) connect(host, bridge, there, vlans);
    return there ?? make(host, bridge, name, vlans);
  } catch (error) {
    throw new CniError(
      INTERNAL,
      `failed to create vlan interface: ${messageOf(error)}`,
      `see ip -d link show ${name}`,
      error,
    );
  }
}

/** The name is the device's own and not its peer's: the peer's index is the one before, as with the reference. */
function make(host: Host, bridge: Link, name: string, vlans: PortVlans): Link {
  const { mtu } = bridge;
  const peer = randomVethName();
  const [failure] = host.attempt([addVeth({ name, mac: randomMac(), mtu }, { name: peer, mac: portMac(), mtu })]);
  if (failure && !isErrno(failure, EEXIST)) throw failure;
  const link = host.findLink(name);
  if (!link) throw new Error(`${name} was removed at once`);
  try {
    connect(host, bridge, link, vlans);
  } catch (error) {
    if (!failure) host.attempt([deleteLink(link)]);
    throw error;
  }
  return link;
}

/** The pair comes up last: one that is up is complete. An interface of another kind is its maker's affair. */
function connect(host: Host, bridge: Link, link: Link, vlans: PortVlans): void {
  const port = link.kind === "veth" ? host.findLink(link.peer) : undefined;
  if (port && !(port.master === bridge.index && port.flags & IFF_UP)) {
    host.change(setMaster(port, bridge), setPort(port, { hairpin: false, isolated: false }));
    host.enter((sysctls) => sysctls.tryWrite(`net/ipv6/conf/${port.name}/accept_ra`, "0"));
    joinVlans(host, port, { ...vlans, trunk: [] });
    host.change(setUp(port));
  }
  if (!(link.flags & IFF_UP)) host.change(setUp(link));
}
