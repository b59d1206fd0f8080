import { monotonic, sleep } from "#sys";
import { attempt } from "../../base/attempt.ts";
import { errnoOf, errnoText } from "../../base/errno.ts";
import { type Ip, type Prefix, prefixContains } from "../../base/ip.ts";
import type { Namespace } from "../../host/namespace.ts";
import { NetlinkError } from "../../netlink/error.ts";
import type { Dev } from "../../rtnl/dev.ts";
import { findNeigh, type Neigh, useNeigh } from "../../rtnl/find-neigh.ts";
import { findPortState, type PortState } from "../../rtnl/find-port.ts";
import { findWay, type Packet, type Way } from "../../rtnl/find-way.ts";
import { IFF_UP } from "../../rtnl/link.ts";
import type { Link } from "../../rtnl/read-link.ts";
import { addressFamily } from "../../rtnl/tables.ts";

/** Where the kernel would send a packet, or what it says against it. */
export type Answer = { readonly way: Way } | { readonly refused: string; readonly errno: number | undefined };

const NO_ROUTE = "Network is unreachable";

/** Like `ip route get`. */
export function askWay(place: Namespace, packet: Packet): Answer {
  try {
    const way = place.ask((rtnl) => findWay(rtnl, packet));
    return way ? { way } : { refused: NO_ROUTE, errno: undefined };
  } catch (error) {
    if (!(error instanceof NetlinkError)) throw error;
    const errno = errnoOf(error);
    return { refused: errnoText(errno ?? 0), errno };
  }
}

export const wayOf = (answer: Answer): Way | undefined => ("way" in answer ? answer.way : undefined);

/** Addresses of global scope of one family on a link. */
export function addressesOn(place: Namespace, link: Link | undefined, like: Ip): Prefix[] {
  if (!link) return [];
  const found = place.listAddrs(link.index, addressFamily(like));
  return found.filter(({ scope }) => scope === 0).map(({ prefix }) => prefix);
}

/** How long an answer is waited for, and looked for how often: long enough for a second solicitation, a second after the first. */
const WAIT_MS = 1300;
const PAUSE_MS = 20;

/** Who has `address` on the link, as the kernel finds out now: nobody is asked outside of this link. Undefined where it cannot ask. */
export function resolveNeigh(place: Namespace, dev: Dev, address: Ip): Neigh | undefined {
  const ref = { dev, address };
  const deadline = monotonic() + WAIT_MS;
  for (;;) {
    const now = place.ask((rtnl) => rtnl.get(findNeigh, ref));
    if ((now?.mac && now.state !== "failed") || monotonic() > deadline) return now;
    // Of one that is being asked for it is of no effect.
    if (attempt(() => place.change(useNeigh(ref)) ?? true) === undefined) return now;
    sleep(PAUSE_MS);
  }
}

/** The same without asking anybody. */
export function knownNeigh(place: Namespace, dev: Dev, address: Ip): Neigh | undefined {
  return place.ask((rtnl) => rtnl.get(findNeigh, { dev, address }));
}

/** The interfaces between a container and its host. */
export interface Cable {
  /** The container's interface. */
  readonly end: Link | undefined;
  /** The other end of its veth pair, on the host. */
  readonly hostEnd: Link | undefined;
  /** What the host's end is a port of. */
  readonly bridge: Link | undefined;
  readonly portState: PortState | undefined;
}

/** Looks for them; `hostEnd` is how the host calls its end where the container's is gone. */
export function findCable(host: Namespace, inside: Namespace, ifname: string, hostEnd: string | undefined): Cable {
  const end = inside.findLink(ifname);
  const other = (end?.peer ? peerOf(host, end) : undefined) ?? (hostEnd ? host.findLink(hostEnd) : undefined);
  const bridge = other?.master ? host.findLink(other.master) : undefined;
  const portState = other && host.ask((rtnl) => findPortState(rtnl, other.index));
  return { end, hostEnd: other, bridge, portState };
}

const isUp = (link: Link | undefined): boolean => link !== undefined && (link.flags & IFF_UP) !== 0;

/** Whether frames get from one end to the other, and through the bridge if there is one. Undefined ends are others' affair. */
export function connects({ end, hostEnd, bridge, portState }: Cable): boolean {
  if (!isUp(end)) return false;
  return !hostEnd || (isUp(hostEnd) && (!bridge || (isUp(bridge) && portState === "forwarding")));
}

/** The peer's index is of its own namespace: another link of the host may have it, too. */
function peerOf(host: Namespace, end: Link): Link | undefined {
  const link = host.findLink(end.peer);
  return link?.kind === "veth" && link.peer === end.index ? link : undefined;
}

/** Of the effective rp_filter of an interface: the greater of its own and that of all. Undefined where there is none. */
export interface Filtering {
  readonly value: number;
  readonly key: string;
}

/** 0 none, 1 strict, 2 loose; `key` says which sysctl has it. */
export function reverseFiltering(host: Namespace, ifname: string): Filtering | undefined {
  return host.enter((sysctls) => {
    const read = (name: string): Filtering[] => {
      const key = `net/ipv4/conf/${name}/rp_filter`;
      const value = Number(sysctls.read(key) ?? Number.NaN);
      return Number.isNaN(value) ? [] : [{ key, value }];
    };
    const [most] = [...read(ifname), ...read("all")].sort((a, b) => b.value - a.value);
    return most;
  });
}

/** The address that the host has in one of `networks`: what containers use as their gateway. */
export function gatewayIn(networks: readonly Prefix[], addresses: readonly Prefix[]): Prefix | undefined {
  return addresses.find(({ ip }) => networks.some((network) => prefixContains(network, ip)));
}
