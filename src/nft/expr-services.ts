import { attrs } from "../wire/attrs.ts";
import { type Coder, cstr, encoded, u8, u32be, u64be } from "../wire/coder.ts";
import type { Expr } from "./expr.ts";

/** Expressions that no plugin's rule has: kept out of the table of expr.ts, which every plugin starts with. */

function foreign<T>(kind: string, coder: Coder<T>, value: T): Expr {
  return { name: "foreign", kind, raw: encoded(coder, value) };
}

/** NFTA_NG_*, NFT_NG_RANDOM. */
const numgenAttrs = attrs({ dreg: [1, u32be], modulus: [2, u32be], type: [3, u32be], offset: [4, u32be] });
const NG_RANDOM = 1;

/** A random number below `modulus` into a register, in host order. */
export function numgen(modulus: number, dreg: number): Expr {
  return foreign("numgen", numgenAttrs, { dreg, modulus, type: NG_RANDOM, offset: 0 });
}

/** NFTA_META_*, NFT_META_MARK. */
const metaSetAttrs = attrs({ key: [2, u32be], sreg: [3, u32be] });
export const MARK = 3;

/** Gives the packet's own `key` what a register has. */
export function metaSet(key: number, sreg: number): Expr {
  return foreign("meta", metaSetAttrs, { key, sreg });
}

/** NFTA_REJECT_*, enum nft_reject_types. */
const rejectAttrs = attrs({ type: [1, u32be], code: [2, u8] });
const ICMP_UNREACH = 0;
const TCP_RST = 1;

/** Answers with a TCP reset. */
export function rejectByReset(): Expr {
  return foreign("reject", rejectAttrs, { type: TCP_RST });
}

/** Answers with destination unreachable of that code, ICMP or ICMPv6 as the table's family is. */
export function rejectWith(code: number): Expr {
  return foreign("reject", rejectAttrs, { type: ICMP_UNREACH, code });
}

/** NFTA_CT_*, enum ip_conntrack_dir. */
const ctAttrs = attrs({ key: [2, u32be], dreg: [1, u32be], direction: [3, u8] });
const ORIGINAL = 0;

/** enum nft_ct_keys, of those that are of one direction. */
export const CT_PROTO_DST = 12;
export const CT_DST_IP = 20;
export const CT_DST_IP6 = 22;

/** What the connection's first packet had. */
export function ctOriginal(key: number, dreg: number): Expr {
  return foreign("ct", ctAttrs, { key, dreg, direction: ORIGINAL });
}

/** NFTA_DYNSET_*, enum nft_dynset_ops. */
const dynsetAttrs = attrs({
  set: [1, cstr],
  operation: [3, u32be],
  key: [4, u32be],
  data: [5, u32be],
  /** In milliseconds. */
  timeout: [6, u64be],
});
const UPDATE = 1;
const DELETE = 2;

/**
 * Puts an element into a dynamic map, or begins its time anew, and then leaves its data as they are. Goes on with the next rule
 * when the map is full.
 */
export function dynsetUpdate(set: string, key: number, data: number, milliseconds: number): Expr {
  return foreign("dynset", dynsetAttrs, { set, operation: UPDATE, key, data, timeout: milliseconds });
}

/** Takes an element out of a dynamic map, if it is there. The kernel asks for a register of data, and does not look at it. */
export function dynsetDelete(set: string, key: number, data: number): Expr {
  return foreign("dynset", dynsetAttrs, { set, operation: DELETE, key, data });
}
