import type { Statement } from "./expr.ts";

/** What nf_tables holds, as data; the words are nft's. An object does not name its table: a batch does. */

/** Families of tables and their numbers (enum NFPROTO_*). */
export const FAMILIES = { inet: 1, ip: 2, netdev: 5, bridge: 7, ip6: 10 } as const;
export type Family = keyof typeof FAMILIES;

/** A place in the packet's way where base chains run. */
export type Hook = "prerouting" | "input" | "forward" | "output" | "postrouting" | "ingress";

/** What makes a chain one that packets enter by themselves. */
export interface Base {
  readonly type: "filter" | "nat" | "route";
  readonly hook: Hook;
  /** Order among the chains of a hook, lower first: srcnat is 100, dstnat -100 (bridge: 300 and -300). */
  readonly priority: number;
  /** What becomes of a packet that no rule decides on; absent: accept. */
  readonly policy?: "accept" | "drop";
  /** Where a netdev chain listens. */
  readonly device?: string;
}

export interface Table {
  readonly kind: "table";
  readonly comment?: string;
  /** It goes with the socket that made it, and only that may change it (since Linux 5.12). */
  readonly isOwned?: true;
}

export interface Chain {
  readonly kind: "chain";
  readonly name: string;
  /** Absent: a chain that is only jumped to. */
  readonly base?: Base;
  readonly comment?: string;
}

/** Data types of set keys: number (enum datatypes of nft), bytes, and byte order (1 host, 2 network). */
export const KEY_TYPES = {
  ipv4_addr: { number: 7, size: 4, order: 2 },
  ipv6_addr: { number: 8, size: 16, order: 2 },
  ether_addr: { number: 9, size: 6, order: 2 },
  ifname: { number: 41, size: 16, order: 1 },
  inet_proto: { number: 12, size: 1, order: 2 },
  inet_service: { number: 13, size: 2, order: 2 },
  mark: { number: 19, size: 4, order: 1 },
} as const;
export type KeyType = keyof typeof KEY_TYPES;

/** What a set holds: keys of one type, or concatenations, of which each part is padded to four bytes. */
export type SetType = KeyType | readonly KeyType[];

/** A hash set without intervals. */
export interface NftSet {
  readonly kind: "set";
  readonly name: string;
  readonly type: SetType;
  /** What it maps its keys to, a concatenation or one alone; absent: it is no map. */
  readonly data?: readonly KeyType[];
  /** It maps its keys to chains. */
  readonly verdicts?: true;
  /** Rules add to it by themselves, at most so many, and say when they go; absent: only who commands does. */
  readonly dynamic?: number;
  readonly comment?: string;
}

/** What of a set its elements must know. */
export type SetName = Pick<NftSet, "name" | "type" | "data" | "verdicts">;

export interface Element {
  readonly kind: "element";
  readonly set: SetName;
  /**
   * An address in network order, or an interface name padded with zeros: `KEY_TYPES[…].size` bytes; of a concatenation
   * all its parts, each padded (concat.ts).
   */
  readonly key: Uint8Array;
  /** What a map has for it, a concatenation too. */
  readonly data?: Uint8Array;
  /** The chain that a map of verdicts goes to with it. */
  readonly goto?: string;
  readonly comment?: string;
}

/** Several of one set in one message, which the kernel answers as one: at most ELEMENTS_MAX. */
export interface Elements {
  readonly kind: "elements";
  readonly set: SetName;
  readonly elements: readonly Omit<Element, "kind" | "set">[];
}

/** How many elements of any size fit one message: their list is an attribute, of which 64 KiB is the most. */
export const ELEMENTS_MAX = 300;

/** Many elements of one set as bytes (packed.ts). */
export interface PackedList {
  readonly set: SetName;
  /** In bytes: of a key, of its data (0 where the set is no map), and of both. */
  readonly keySize: number;
  readonly dataSize: number;
  readonly size: number;
  readonly bytes: Uint8Array;
  readonly count: number;
  /** The one that begins at `at`. */
  element(at: number): Pick<Element, "key" | "data">;
}

/** Those from one place to another among many: as many as fit one message. */
export interface PackedElements {
  readonly kind: "packed";
  readonly packed: PackedList;
  readonly from: number;
  readonly to: number;
}

export interface Rule {
  readonly kind: "rule";
  readonly chain: string;
  readonly statements: readonly Statement[];
  readonly comment?: string;
}

/**
 * A set that one rule has in itself, `{ 10.0.0.0/8, 192.168.0.0/16 }`: it is made in the same transaction before the rule, which
 * takes it along when it goes.
 */
export interface Literal {
  readonly kind: "literal";
  /** By which the transaction knows it: not twice in one, and beyond the number of its commands. */
  readonly id: number;
  readonly type: KeyType;
  /** Whether it holds intervals; else single keys. */
  readonly hasIntervals: boolean;
}

/** The name of all of them: for the last two letters the kernel has a number of its own. */
export const LITERAL = "__set%d";

/** Whether a set that the kernel tells of is one. */
export function isLiteral(set: string | undefined): boolean {
  return set?.startsWith(LITERAL.slice(0, -2)) ?? false;
}

/** What is in it, or a part of it: at most ELEMENTS_MAX. */
export interface LiteralKeys {
  readonly kind: "keys";
  readonly literal: Literal;
  readonly keys: readonly LiteralKey[];
}

export interface LiteralKey {
  readonly key: Uint8Array;
  /** The interval before it ends before it; absent: one begins with it. */
  readonly isEnd?: true;
}

/** A rule that exists, by the number that the kernel gave it. */
export interface RuleHandle {
  readonly kind: "handle";
  readonly chain: string;
  readonly handle: number;
}

export type NftObject =
  | Table
  | Chain
  | NftSet
  | Element
  | Elements
  | PackedElements
  | Rule
  | RuleHandle
  | Literal
  | LiteralKeys;
export type Kind = NftObject["kind"];

/** enum nf_inet_hooks; the bridge's are the same, and netdev has its own. */
const HOOKS: Record<Hook, number> = { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4, ingress: 5 };

/** The kernel's number of a hook in a family's chains. */
export function hookNumber(family: Family, hook: Hook): number {
  return family === "netdev" && hook === "ingress" ? 0 : HOOKS[hook];
}

/** The hook that a number means in a family's chains; undefined for one not listed here. */
export function hookOf(family: Family, number: number): Hook | undefined {
  if (family === "netdev") return number === 0 ? "ingress" : undefined;
  return (Object.keys(HOOKS) as Hook[]).find((hook) => HOOKS[hook] === number);
}
