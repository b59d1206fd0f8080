import type { Ip } from "../../base/ip.ts";
import { encodeUtf8 } from "../../base/utf8.ts";
import { Batch } from "../../nft/batch.ts";
import { inDaddr, masquerade, notDaddr } from "../../nft/match.ts";
import { concatInSet, daddr, dnatToMap, dport, type IpFamily, l4proto, saddrNetwork } from "../../nft/match-concat.ts";
import { ctStatusDnat, fibDaddrLocal, iifnameInSet } from "../../nft/match-kernel.ts";
import { jump, verdict } from "../../nft/match-link.ts";
import { type Chain, type Element, KEY_TYPES, type NftSet, type Rule, type SetName } from "../../nft/objects.ts";

/**
 * How berth maps ports: in its own tables `ip berth-portmap` and `ip6 berth-portmap`, by maps from host ports to
 * containers. Neither a packet's way nor an ADD grows with the number of mappings.
 */
export const TABLE = "berth-portmap";

export type { IpFamily };
export const FAMILIES: readonly IpFamily[] = ["ip", "ip6"];

export function familyOfIp(ip: Ip): IpFamily {
  return ip.length === 4 ? "ip" : "ip6";
}

const ADDRESS_TYPES = { ip: "ipv4_addr", ip6: "ipv6_addr" } as const;

/** Where the mappings of a family are that are under one condition, or under none (nft-conditions.ts). */
export interface Maps {
  /** Host port of any address -> container. */
  readonly ports: NftSet;
  /** Host port of one address -> container. It goes before `ports`. */
  readonly addresses: NftSet;
  /** Mappings whose port a newer container has: no rule looks here. */
  readonly waiting: NftSet;
}

/** The maps and sets of a family that are always there. */
export interface Layout extends Maps {
  /** The attachments that have mappings, by their tags (nft-holder.ts). */
  readonly holders: NftSet;
}

export const LAYOUTS: Record<IpFamily, Layout> = { ip: layoutOf("ip"), ip6: layoutOf("ip6") };

function layoutOf(family: IpFamily): Layout {
  const address = ADDRESS_TYPES[family];
  const data = [address, "inet_service"] as const;
  const set = (name: string, type: NftSet["type"], comment: string) => ({ kind: "set", name, type, comment }) as const;
  return {
    ports: { ...set("ports", ["inet_proto", "inet_service"], "host ports"), data },
    addresses: { ...set("addresses", [address, "inet_proto", "inet_service"], "host ports of one address"), data },
    waiting: set("waiting", [address, "inet_proto", "inet_service", ...data], "host ports that newer containers have"),
    holders: set("holders", ["mark", "mark", "mark", "mark"], "containers with host ports, by their tags"),
  };
}

/** Pairs of a network of `length` bits and a container: what the first sends to a port of the second gets the host's address. */
export function sourcesSet(family: IpFamily, length: number): NftSet {
  const address = ADDRESS_TYPES[family];
  return { kind: "set", name: `${SOURCES}${length}`, type: [address, address] };
}

const SOURCES = "sources-";

/** The length that the name of such a set says; undefined for another. */
export function sourcesLength(name: string): number | undefined {
  return name.startsWith(SOURCES) ? Number(name.slice(SOURCES.length)) : undefined;
}

/** Interfaces through which 127.0.0.0/8 is routed (localnet.ts). IPv4 only. */
export const LOCALNET: NftSet = { kind: "set", name: "localnet", type: "ifname" };

export function localnetElement(link: string): Element {
  const key = new Uint8Array(KEY_TYPES.ifname.size);
  key.set(encodeUtf8(link));
  return { kind: "element", set: LOCALNET, key };
}

/** One later than dstnat and srcnat: who comes first at a hook decides, and that is what users have already. */
const nat = (name: string, hook: "prerouting" | "output" | "postrouting", priority: number) =>
  ({ kind: "chain", name, base: { type: "nat", hook, priority, policy: "accept" } }) as const satisfies Chain;

export const TRANSLATE = { kind: "chain", name: "hostports" } as const satisfies Chain;
const PREROUTING = nat("prerouting", "prerouting", -99);
const OUTPUT = nat("output", "output", -99);
const POSTROUTING = nat("postrouting", "postrouting", 101);
/** Before conntrack: an answer to 127.0.0.1 has not got that destination back yet. */
const GUARD = {
  kind: "chain",
  name: "localnet",
  base: { type: "filter", hook: "prerouting", priority: -300, policy: "accept" },
} as const satisfies Chain;

/** The chains of a family. */
export function chainsOf(family: IpFamily): readonly Chain[] {
  const chains = [TRANSLATE, PREROUTING, OUTPUT, POSTROUTING];
  return family === "ip" ? [...chains, GUARD] : chains;
}

function rule({ name }: Chain, ...statements: Rule["statements"]): Rule {
  return { kind: "rule", chain: name, statements };
}

/** What translates to where the maps say: one address goes before all. */
export function translations(family: IpFamily, chain: Chain, { ports, addresses }: Maps): readonly Rule[] {
  return [
    rule(chain, dnatToMap(family, [daddr(family), l4proto, dport], addresses)),
    rule(chain, dnatToMap(family, [l4proto, dport], ports)),
  ];
}

/** The rules that are there whatever is mapped. */
export function rulesOf(family: IpFamily): readonly Rule[] {
  // The kernel routes nothing from ::1 out of the machine: what listens there, or nothing, is to answer.
  const elsewhere = family === "ip6" ? [notDaddr({ ip: LOOPBACK6, length: 128 })] : [];
  const enter = (chain: Chain) => rule(chain, ...elsewhere, fibDaddrLocal(), jump(TRANSLATE.name));
  const rules = [...translations(family, TRANSLATE, LAYOUTS[family]), enter(PREROUTING), enter(OUTPUT)];
  if (family === "ip6") return rules;
  return [...rules, rule(GUARD, iifnameInSet(LOCALNET), inDaddr({ ip: LOOPBACK4, length: 8 }), verdict("drop"))];
}

export const LOOPBACK4: Ip = Uint8Array.of(127, 0, 0, 1);
export const LOOPBACK6: Ip = Uint8Array.of(...new Array<number>(15).fill(0), 1);

/** The rule of a set of sources. */
export function sourcesRule(family: IpFamily, length: number, set: SetName): Rule {
  const pair = concatInSet([saddrNetwork(family, length), daddr(family)], set);
  return rule(POSTROUTING, ctStatusDnat(), pair, masquerade());
}

/**
 * Makes all that is there whatever is mapped. Of two that do so at once the second is refused (EEXIST, of `holders`), so that
 * no rule is there twice.
 */
export function buildLayout(family: IpFamily): Batch {
  const { ports, addresses, waiting, holders } = LAYOUTS[family];
  const batch = new Batch(family, TABLE).add({ kind: "table", comment: "port mappings of containers" });
  batch.create(holders).add(ports).add(addresses).add(waiting);
  if (family === "ip") batch.add(LOCALNET);
  for (const chain of chainsOf(family)) batch.add(chain);
  for (const rule of rulesOf(family)) batch.add(rule);
  return batch;
}
