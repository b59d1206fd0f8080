import { formatIp, formatPrefix, type Ip, networkOf, type Prefix } from "../../base/ip.ts";
import type { FoundChain, FoundRule } from "../../nft/find.ts";
import { masquerade, notDaddr, saddrInSet } from "../../nft/match.ts";
import type { Chain, KeyType, NftSet, Rule } from "../../nft/objects.ts";

/**
 * How berth masquerades: in its own tables `ip berth` and `ip6 berth`, by one set of addresses and one rule for each
 * (network, prefix). Neither a packet's way nor an ADD grows with the number of containers.
 */
export const TABLE = "berth";

export const MASQUERADE_FAMILIES = ["ip", "ip6"] as const;
export type MasqueradeFamily = (typeof MASQUERADE_FAMILIES)[number];

/** srcnat + 1: of two chains at srcnat the later one would run first, and beat rules that users have already. */
export const CHAIN = {
  kind: "chain",
  name: "postrouting",
  base: { type: "nat", hook: "postrouting", priority: 101, policy: "accept" },
} as const satisfies Chain;

/** Whether a chain found under its name is as CHAIN says. */
export function isMasqueradeChain({ base }: FoundChain): boolean {
  const { type, hook, priority, policy } = CHAIN.base;
  return base?.type === type && base.hook === hook && base.priority === priority && base.policy === policy;
}

/** RFC 5771 and RFC 4291 §2.7. */
const MULTICAST: Record<MasqueradeFamily, Prefix> = {
  ip: { ip: Uint8Array.of(224, 0, 0, 0), length: 4 },
  ip6: { ip: Uint8Array.of(255, ...new Array<number>(15).fill(0)), length: 8 },
};

export function masqueradeFamily(ip: Ip): MasqueradeFamily {
  return ip.length === 4 ? "ip" : "ip6";
}

/** What the sets hold. */
export const SET_TYPES: Record<MasqueradeFamily, KeyType> = { ip: "ipv4_addr", ip6: "ipv6_addr" };

/** What the names of all sets of a network begin with; `networkTag` as of owner.ts. */
export function setNamePrefix(networkTag: string): string {
  return `masq-${networkTag}-`;
}

/** Whether a set of TABLE is one of those, of whatever network. */
export function isMasqueradeSet(name: string): boolean {
  return /^masq-[0-9a-f]{16}-/.test(name);
}

/** A set, and the family of the table that it is in. */
export interface Place {
  readonly family: MasqueradeFamily;
  readonly set: NftSet;
}

/** The set of a network's masqueraded addresses in `prefix`; its name tells both apart from all others. */
export function masqueradeSet(network: string, networkTag: string, prefix: Prefix): NftSet {
  const ip = networkOf(prefix);
  // nft takes "." and "-" in a name, but not ":".
  const name = `${formatIp(ip).replaceAll(":", "_")}-${prefix.length}`;
  return {
    kind: "set",
    name: setNamePrefix(networkTag) + name,
    type: SET_TYPES[masqueradeFamily(ip)],
    comment: `${formatPrefix({ ip, length: prefix.length })}, net: ${network}`,
  };
}

/** Masquerades what leaves the prefix, but for multicast. */
export function masqueradeRule(network: string, set: NftSet, prefix: Prefix): Rule {
  const multicast = MULTICAST[masqueradeFamily(prefix.ip)];
  const statements = [saddrInSet(set), notDaddr(prefix), notDaddr(multicast), masquerade()];
  return { kind: "rule", chain: CHAIN.name, statements, comment: `net: ${network}` };
}

/** The set whose addresses a rule masquerades; undefined for a rule that does something else. */
export function masqueradedSet({ exprs }: Pick<FoundRule, "exprs">): string | undefined {
  if (!exprs.some(({ name }) => name === "masq")) return undefined;
  for (const expr of exprs) if (expr.name === "lookup") return expr.data.set;
  return undefined;
}
