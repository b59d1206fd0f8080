import { sha512 } from "#sys";
import { type Prefix, parsePrefix } from "../../../base/ip.ts";
import { Batch } from "../../../nft/batch.ts";
import type { Statement } from "../../../nft/expr.ts";
import { inDaddr, inSaddr, masquerade, notDaddr } from "../../../nft/match.ts";
import {
  concat,
  daddr,
  dport,
  type IpFamily,
  l4proto,
  type Part,
  SIZES,
  saddrNetwork,
} from "../../../nft/match-concat.ts";
import { ctStatusDnat, fibDaddrLocal } from "../../../nft/match-kernel.ts";
import { jump, verdict } from "../../../nft/match-link.ts";
import {
  fibSaddrLocal,
  inSet,
  numbered,
  originalDaddr,
  originalDport,
  reject,
  reset,
  vmapped,
} from "../../../nft/match-services.ts";
import { matching } from "../../../nft/match-values.ts";
import type { Chain, KeyType, NftSet, Rule } from "../../../nft/objects.ts";
import { TABLE } from "./table.ts";

export { TABLE };

/**
 * How services are in the kernel: tables `ip berth-services` and `ip6 berth-services`. What grows with them are hash maps with
 * data. No verdict map, no chain and no rule does, so one service more costs the same whatever there is already.
 *
 *     services   address . protocol . port -> group
 *     node       protocol . port -> group: of any address of the node (node ports)
 *     …-inside   the same for what the node and its own containers send, where that is led elsewhere
 *     groups     group -> choice, which is how many endpoints it has, and how long clients stay with one (choices.ts)
 *     endpoints  group . 0 to n-1 -> address . port
 *
 * Where clients stay, in place of `endpoints`:
 *
 *     members    group . 0 to n-1 -> number of an endpoint, which no other ever gets
 *     live       number -> address . port
 *     affinity   group . client -> number, which packets put there; it counts while the number is in `live`
 */
export const FAMILIES: readonly IpFamily[] = ["ip", "ip6"];

const ADDRESS = { ip: "ipv4_addr", ip6: "ipv6_addr" } as const;

/** The maps and sets of a family. */
export interface Maps {
  readonly services: NftSet;
  readonly "services-inside": NftSet;
  readonly node: NftSet;
  readonly "node-inside": NftSet;
  readonly groups: NftSet;
  readonly endpoints: NftSet;
  readonly members: NftSet;
  readonly live: NftSet;
  readonly affinity: NftSet;
  /** Group . address . port of the endpoints of services in `masquerade`. */
  readonly targets: NftSet;
  /** Keys of `services` and of `node`: what goes there gets the node's address. */
  readonly masquerade: NftSet;
  readonly "masquerade-node": NftSet;
  /** The same where it does not come from the node's own containers. */
  readonly foreign: NftSet;
  /** Pairs of the same address: who is led to itself must not see its own. */
  readonly hairpin: NftSet;
  /** Keys of services that only sources in `ranges` get to. */
  readonly guarded: NftSet;
}

/** How many clients are remembered in all. */
const CLIENTS = 1 << 20;

function mapsOf(family: IpFamily): Maps {
  const address = ADDRESS[family];
  const set = (name: string, ...type: KeyType[]) => ({ kind: "set", name, type }) as const;
  const port = ["inet_proto", "inet_service"] as const;
  const key = [address, ...port] as const;
  const number = ["mark"] as const;
  const end = [address, "inet_service"] as const;
  return {
    services: { ...set("services", ...key), data: number },
    "services-inside": { ...set("services-inside", ...key), data: number },
    node: { ...set("node", ...port), data: number },
    "node-inside": { ...set("node-inside", ...port), data: number },
    groups: { ...set("groups", "mark"), data: number },
    endpoints: { ...set("endpoints", "mark", "mark"), data: end },
    members: { ...set("members", "mark", "mark"), data: number },
    live: { ...set("live", "mark"), data: end },
    affinity: { ...set("affinity", "mark", address), data: number, dynamic: CLIENTS },
    targets: set("targets", "mark", ...end),
    masquerade: set("masquerade", ...key),
    "masquerade-node": set("masquerade-node", ...port),
    foreign: set("foreign", ...key),
    hairpin: set("hairpin", address, address),
    guarded: set("guarded", ...key),
  };
}

export const MAPS: Record<IpFamily, Maps> = { ip: mapsOf("ip"), ip6: mapsOf("ip6") };

/** Sources of `length` bits that may use a service: its key, and the network. */
export function rangesSet(family: IpFamily, length: number): NftSet {
  const address = ADDRESS[family];
  return { kind: "set", name: `${RANGES}${length}`, type: [address, "inet_proto", "inet_service", address] };
}

const RANGES = "ranges-";

/** The length that the name of such a set says; undefined for another. */
export function rangesLength(name: string): number | undefined {
  return name.startsWith(RANGES) ? Number(name.slice(RANGES.length)) : undefined;
}

/** Who asks, and for what: the map in which it is looked up. */
export type View = "services" | "services-inside" | "node" | "node-inside";

export const VIEWS: readonly View[] = ["services", "services-inside", "node", "node-inside"];

/** By choice, the chain that makes it. */
export function choicesMap(view: View): NftSet {
  return { kind: "set", name: `choices-${view}`, type: ["mark"], verdicts: true };
}

/** What the keys of a view are made of, in registers from the first on. */
export function keyParts(family: IpFamily, view: View): readonly Part[] {
  return [...(isNode(view) ? [] : [daddr(family)]), l4proto, dport];
}

function isNode(view: View): boolean {
  return view === "node" || view === "node-inside";
}

/** One later than portmap's: who comes first at a hook decides, and that is what users have already. */
const nat = (name: string, hook: "prerouting" | "output" | "postrouting", priority: number) =>
  ({ kind: "chain", name, base: { type: "nat", hook, priority, policy: "accept" } }) as const satisfies Chain;

const chain = (name: string) => ({ kind: "chain", name }) as const satisfies Chain;

const PREROUTING = nat("prerouting", "prerouting", -98);
const OUTPUT = nat("output", "output", -98);
const POSTROUTING = nat("postrouting", "postrouting", 102);
const SERVICES = chain("services");
const INSIDE = chain("inside");
export const RANGES_CHAIN = chain("ranges");
export const REJECT_CHAIN = chain("no-endpoints");
export const DROP_CHAIN = chain("none-here");
const CHAINS = [REJECT_CHAIN, DROP_CHAIN, RANGES_CHAIN, SERVICES, INSIDE, PREROUTING, OUTPUT, POSTROUTING];

function rule({ name }: Chain, ...statements: Statement[]): Rule {
  return { kind: "rule", chain: name, statements };
}

const LOOPBACK = { ip: parsePrefix("127.0.0.0/8"), ip6: parsePrefix("::1/128") } as Record<IpFamily, Prefix>;

/** The rules of a chain that looks a packet up in a map: by its address, then as one for the node. */
function lookups(family: IpFamily, from: Chain, own: View, node: View): Rule[] {
  const { groups, ...maps } = MAPS[family];
  const look = (view: View) => [
    concat(keyParts(family, view)),
    numbered(maps[view], 0, 0),
    numbered(groups, 0, 0),
    vmapped(choicesMap(view), 0),
  ];
  return [rule(from, ...look(own)), rule(from, notDaddr(LOOPBACK[family]), fibDaddrLocal(), ...look(node))];
}

/** What masquerades connections that the view has led, to an endpoint of the group; others may have led the same elsewhere. */
function masquerades(family: IpFamily, view: View): Rule {
  const { targets, ...maps } = MAPS[family];
  const parts = [...(isNode(view) ? [] : [originalDaddr(family)]), l4proto, originalDport];
  const key = concat(parts);
  // What is led elsewhere from inside is masqueraded if the node itself has sent it.
  const isWanted = view === "services" || view === "node";
  const first = isWanted
    ? [key, inSet(maps[`masquerade${view === "node" ? "-node" : ""}`], 0)]
    : [fibSaddrLocal(), key];
  const isTarget = [numbered(maps[view], 0, 0), concat([daddr(family), dport], 1), inSet(targets, 0)];
  return rule(POSTROUTING, ctStatusDnat(), ...first, ...isTarget, masquerade());
}

const TCP = Uint8Array.of(6);
const IS_TCP = matching([{ field: "meta l4proto", isNot: false, values: [{ from: TCP, to: TCP }] }], 0).statements;

/** Networks that are told apart. */
export interface Networks {
  /** Those of the machine's own containers. What comes from elsewhere is masqueraded; empty: nobody can be told apart. */
  readonly containers: readonly Prefix[];
  /** Those that services' own addresses are of: what no service has of them is refused. */
  readonly serviceCIDRs: readonly Prefix[];
}

/** The rules that are there whatever the services are. */
export function rulesOf(family: IpFamily, { containers, serviceCIDRs }: Networks): Rule[] {
  const { guarded, hairpin, foreign } = MAPS[family];
  const ofFamily = ({ ip }: Prefix) => ip.length === SIZES[family];
  const guard = [concat(keyParts(family, "services")), inSet(guarded, 0), jump(RANGES_CHAIN.name)];
  const mine = containers.filter(ofFamily);
  const vacant = (from: Chain) =>
    serviceCIDRs.filter(ofFamily).map((prefix) => rule(from, inDaddr(prefix), jump(REJECT_CHAIN.name)));
  return [
    rule(REJECT_CHAIN, ...IS_TCP, reset()),
    rule(REJECT_CHAIN, reject(family)),
    rule(DROP_CHAIN, verdict("drop")),
    rule(RANGES_CHAIN, verdict("drop")),
    ...lookups(family, SERVICES, "services", "node"),
    ...lookups(family, INSIDE, "services-inside", "node-inside"),
    rule(PREROUTING, ...guard),
    ...mine.map((prefix) => rule(PREROUTING, inSaddr(prefix), jump(INSIDE.name))),
    rule(PREROUTING, jump(SERVICES.name)),
    ...vacant(PREROUTING),
    rule(OUTPUT, ...guard),
    rule(OUTPUT, jump(INSIDE.name)),
    rule(OUTPUT, jump(SERVICES.name)),
    ...vacant(OUTPUT),
    rule(
      POSTROUTING,
      ctStatusDnat(),
      concat([saddrNetwork(family, 8 * SIZES[family]), daddr(family)]),
      inSet(hairpin, 0),
      masquerade(),
    ),
    ...VIEWS.map((view) => masquerades(family, view)),
    ...mine.map((prefix) => rule(POSTROUTING, inSaddr(prefix), verdict("return"))),
    rule(
      POSTROUTING,
      ctStatusDnat(),
      concat([originalDaddr(family), l4proto, originalDport]),
      inSet(foreign, 0),
      masquerade(),
    ),
  ];
}

/** Makes all that is there whatever the services are. EEXIST where it is. */
export function buildLayout(family: IpFamily, networks: Networks): Batch {
  const batch = new Batch(family, TABLE).create({ kind: "table", comment: layoutComment(family, networks) });
  for (const set of Object.values(MAPS[family])) batch.add(set);
  for (const view of VIEWS) batch.add(choicesMap(view));
  for (const chain of CHAINS) batch.add(chain);
  for (const rule of rulesOf(family, networks)) batch.add(rule);
  return batch;
}

/** By the table's comment an agent knows whether the layout is its own: a digest of the rules' words. */
export function layoutComment(family: IpFamily, networks: Networks): string {
  const rules = rulesOf(family, networks).map(({ chain, statements }) => [
    chain,
    ...statements.map(({ text }) => text),
  ]);
  const sets = Object.values(MAPS[family]).map(({ name, type, data }) => [name, type, data ?? ""]);
  return `services of berthd, layout ${sha512(JSON.stringify([VERSION, sets, rules])).slice(0, 12)}`;
}

/** To be changed with what the words do not say, such as the chains of choices. */
const VERSION = 1;
