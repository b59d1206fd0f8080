import { assertErrno, messageOf } from "../../base/errno.ts";
import type { Ip } from "../../base/ip.ts";
import type { PortMapping } from "../../features/port-map/wish.ts";
import { aimAway } from "./aim.ts";
import type { Complaint, Facts, Subject } from "./facts.ts";
import { type Followed, follow, newProbe } from "./follow.ts";
import { gather, type Site } from "./gather.ts";
import type { Hop } from "./hop.ts";
import { listenHop, type Published, portHop } from "./hops/ports.ts";
import { checkHop, rulesHop } from "./hops/rules.ts";
import { wayHops } from "./hops/way.ts";
import { listening } from "./listen.ts";
import { addressesOn, askWay, wayOf } from "./look.ts";
import { openOutside } from "./outside.ts";

/** A port of the host, and from where a packet is to come to it. */
export interface PortQuestion {
  readonly port: number;
  readonly transport: "tcp" | "udp";
  readonly from: "host" | "outside";
  /** What the runtime asked for at that port. */
  readonly mapping: PortMapping | undefined;
}

/** What a packet met that came to a published port, and the address that it came to. */
export interface Inward {
  readonly to: Ip;
  readonly hops: readonly Hop[];
}

/** Has a packet come to the port, and looks at the way of the answer as well. Throws NetlinkError, SysError. */
export function explainPort(
  site: Site,
  subject: Subject,
  question: PortQuestion,
  complaints: readonly Complaint[] | undefined,
): Inward {
  const { port, transport, mapping, from } = question;
  const to = destination(site, subject, mapping);
  const hasBridge = subject.expected.bridge !== undefined;
  const { followed, client } =
    from === "outside" ? comeIn(site, to, question, hasBridge) : sendOut(to, question, hasBridge);
  // The container's answer goes back to whoever asked.
  const aim = { to: client, toPort: port, transport, isInward: true } as const;
  const facts = gather(site, subject, aim, complaints, () => followed);
  const change = followed.outside?.changes.findLast(({ of }) => of === "destination");
  const inner = mapping?.containerPort ?? change?.after.toPort;
  const waits = inner === undefined ? undefined : listening(site.sandbox, transport, inner);
  return { to, hops: hopsOf(facts, { port, transport, mapping, listening: waits }) };
}

function hopsOf(facts: Facts, published: Published): Hop[] {
  const hops = [
    ...wayHops(facts),
    checkHop(facts),
    portHop(facts, published),
    rulesHop(facts),
    listenHop(facts, published),
  ];
  return hops.filter((hop) => hop !== undefined);
}

/** The address that the mapping has or, where that is any, the one that the host uses off the machine. */
function destination({ host }: Site, { expected }: Subject, mapping: PortMapping | undefined): Ip {
  const asked = mapping?.hostIp;
  if (asked && !asked.every((byte) => byte === 0)) return asked;
  const like = asked ?? expected.addresses[0]?.ip;
  const away = aimAway(like);
  const source = wayOf(askWay(host, { to: away.to }))?.source;
  const bridge = expected.bridge === undefined ? undefined : host.findLink(expected.bridge);
  return source ?? addressesOn(host, bridge, away.to)[0]?.ip ?? away.to;
}

interface Sent {
  readonly followed: Followed;
  readonly client: Ip;
}

/** From a program of the host. */
function sendOut(to: Ip, { port, transport }: PortQuestion, hasBridge: boolean): Sent {
  return { followed: follow(newProbe(to, to, port, transport), hasBridge, {}), client: to };
}

/** From outside, as far as the kernel can tell. */
function comeIn({ host }: Site, to: Ip, { port, transport }: PortQuestion, hasBridge: boolean): Sent {
  try {
    using outside = openOutside(host, to);
    const probe = newProbe(outside.address, to, port, transport);
    return { followed: follow(probe, hasBridge, { send: outside.send }), client: outside.address };
  } catch (error) {
    assertErrno(error);
    const why = `no packet could be made to come in: ${messageOf(error)}; --from host sends one from here`;
    return { followed: { inside: undefined, outside: undefined, untraced: why, refused: undefined }, client: to };
  }
}

/** The mapping of a port, among those that a runtime asked for. */
export function mappingOf(
  mappings: readonly PortMapping[],
  { port, transport }: Pick<PortQuestion, "port" | "transport">,
): PortMapping | undefined {
  return mappings.find(({ hostPort, protocol }) => hostPort === port && protocol === transport);
}
