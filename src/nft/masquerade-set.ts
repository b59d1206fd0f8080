import { formatIp, formatPrefix, type Ip, networkOf, type Prefix } from "../base/ip.ts";
import { masquerade, notDaddr, saddrInSet } from "./match.ts";
import type { Chain, NftSet, Rule } from "./objects.ts";

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

/** RFC 5771 and RFC 4291 §2.7. */
const MULTICAST: Record<MasqueradeFamily, Prefix> = {
  ip: { ip: Uint8Array.of(224, 0, 0, 0), length: 4 },
  ip6: { ip: Uint8Array.of(255, ...new Array<number>(15).fill(0)), length: 8 },
};

export function masqueradeFamily(ip: Ip): MasqueradeFamily {
  return ip.length === 4 ? "ip" : "ip6";
}

/** What the names of all sets of a network begin with; `networkTag` as of owner.ts. */
export function setNamePrefix(networkTag: string): string {
  return `masq-${networkTag}-`;
}

/** The set of a network's masqueraded addresses in `prefix`; its name tells both apart from all others. */
export function masqueradeSet(network: string, networkTag: string, prefix: Prefix): NftSet {
  const ip = networkOf(prefix);
  // nft takes "." and "-" in a name, but not ":".
  const name = `${formatIp(ip).replaceAll(":", "_")}-${prefix.length}`;
  return {
    kind: "set",
    name: setNamePrefix(networkTag) + name,
    type: ip.length === 4 ? "ipv4_addr" : "ipv6_addr",
    comment: `${formatPrefix({ ip, length: prefix.length })}, net: ${network}`,
  };
}

/** Masquerades what leaves the prefix, but for multicast. */
export function masqueradeRule(network: string, set: NftSet, prefix: Prefix): Rule {
  const multicast = MULTICAST[masqueradeFamily(prefix.ip)];
  const statements = [saddrInSet(set), notDaddr(prefix), notDaddr(multicast), masquerade()];
  return { kind: "rule", chain: CHAIN.name, statements, comment: `net: ${network}` };
}
