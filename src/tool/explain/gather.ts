import { attempt } from "../../base/attempt.ts";
import { equalIp, type Ip } from "../../base/ip.ts";
import type { Host } from "../../host/host.ts";
import type { Sandbox } from "../../host/sandbox.ts";
import { hasLegacyTable } from "../../iptables/legacy.ts";
import type { Neigh } from "../../rtnl/find-neigh.ts";
import type { Link } from "../../rtnl/read-link.ts";
import { addressFamily } from "../../rtnl/tables.ts";
import type { Aim, Complaint, Facts, Subject } from "./facts.ts";
import { type Followed, follow, newProbe } from "./follow.ts";
import {
  type Answer,
  addressesOn,
  askWay,
  type Cable,
  connects,
  findCable,
  knownNeigh,
  resolveNeigh,
  reverseFiltering,
  wayOf,
} from "./look.ts";

/** Where the looking is done from. */
export interface Site {
  readonly host: Host;
  /** The container's namespace, open. */
  readonly sandbox: Sandbox;
}

/** What only the questions of the way are answered with; undefined before they could be asked. */
interface Ways {
  readonly wayOut: Answer | undefined;
  readonly next: Ip | undefined;
  readonly neigh: Neigh | undefined;
}

/**
 * Looks at all that a packet from the container to `aim` meets, and sends one, unless `sent` tells what became of another.
 * Throws NetlinkError, SysError.
 */
export function gather(
  { host, sandbox }: Site,
  subject: Subject,
  aim: Aim,
  complaints: readonly Complaint[] | undefined,
  sent?: () => Followed,
): Facts {
  const cable = findCable(host, sandbox, subject.ifname, subject.expected.hostEnd);
  const addresses = addressesOn(sandbox, cable.end, aim.to);
  const side = cable.bridge ?? cable.hostEnd;
  const [address] = addresses;
  const isConnected = connects(cable);
  const ways = outWays(sandbox, cable, aim);
  const hostWay = side && address && askWay(host, { to: aim.to, entry: { from: address.ip, dev: side } });
  const followed = sent?.() ?? sendOne({ host, sandbox }, ways, aim, address?.ip, side);
  const change = followed.outside?.changes.findLast(({ of }) => of === "source");
  const local = change && wayOf(askWay(host, { to: change.after.from }));
  const leaves = ways.next !== undefined && !equalIp(ways.next, aim.to);
  const uplink = hostWay && leaves ? uplinkOf(host, hostWay) : undefined;
  return {
    subject,
    aim,
    cable,
    addresses,
    ...ways,
    hostAddresses: addressesOn(host, side, aim.to),
    isConnected,
    hostNeigh: isConnected && side && address ? resolveNeigh(host, side, address.ip) : undefined,
    forwards: host.forwards(addressFamily(aim.to)),
    filtering: side && aim.to.length === 4 ? reverseFiltering(host, side.name) : undefined,
    hostWay,
    wayBack: address && askWay(host, { to: address.ip }),
    uplink: uplink?.link,
    uplinkNeigh: uplink?.neigh,
    translatedIsLocal: change && (local?.isLocal ?? false),
    hasLegacyFilter: attempt(() => hasLegacyTable(aim.to.length === 4 ? 4 : 6, "filter")) ?? false,
    complaints,
    ...followed,
  };
}

function outWays(sandbox: Sandbox, cable: Cable, { to }: Aim): Ways {
  const { end } = cable;
  if (!end) return { wayOut: undefined, next: undefined, neigh: undefined };
  const wayOut = askWay(sandbox, { to });
  const way = wayOf(wayOut);
  const next = way && !way.isLocal && way.oif === end.index ? (way.gateway ?? to) : undefined;
  return { wayOut, next, neigh: next && connects(cable) ? resolveNeigh(sandbox, end, next) : undefined };
}

/** Only where it can come to the host: else nobody would see it. */
function sendOne(
  { sandbox }: Site,
  { next, neigh }: Ways,
  { to, toPort, transport }: Aim,
  from: Ip | undefined,
  side: Link | undefined,
): Followed {
  const not = (why: string): Followed => ({ inside: undefined, outside: undefined, untraced: why, refused: undefined });
  if (!from || !next) return not("no packet was sent: the container has no way to send one");
  if (!neigh?.mac) return not("no packet was sent: the container's next hop does not answer");
  if (!side) return not("no packet was sent: its way through the host's rules could not be seen");
  if (equalIp(from, to)) return not("no packet was sent: the address is the container's own");
  return follow(newProbe(from, to, toPort, transport), side.kind === "bridge", { place: sandbox });
}

function uplinkOf(host: Host, answer: Answer): { link: Link; neigh: Neigh | undefined } | undefined {
  const way = wayOf(answer);
  const link = way && !way.isLocal ? host.findLink(way.oif) : undefined;
  if (!way || !link) return undefined;
  return { link, neigh: way.gateway && knownNeigh(host, link, way.gateway) };
}
