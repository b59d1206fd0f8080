import { attrs } from "../wire/attrs.ts";
import { bytes, cstr, u32be } from "../wire/coder.ts";
import { Reader, u16At } from "../wire/cursor.ts";
import type { Expr } from "./expr.ts";

/** Matches of iptables inside nf_tables (nft_compat): NFTA_MATCH_*, `info` in the form of the match's own revision. */
const matchAttrs = attrs({ name: [1, cstr], revision: [2, u32be], info: [3, bytes] });

/** `-m conntrack` with states and maybe a direction. */
interface Conntrack {
  readonly name: "conntrack";
  /** XT_CONNTRACK_STATE_*, see STATES. */
  readonly states: number;
  readonly direction: "original" | "reply" | undefined;
}

/** `-m comment`. */
interface Comment {
  readonly name: "comment";
  readonly text: string;
}

export type XtMatch = Conntrack | Comment;

/** Bits of xt_conntrack's states. */
export const STATES = { ESTABLISHED: 1 << 1, RELATED: 1 << 2, DNAT: 1 << 7 };

/** The match that an expression is; undefined for any other expression, match or revision. @throws DecodeError */
export function xtMatchOf(expr: Expr): XtMatch | undefined {
  if (expr.name !== "foreign" || expr.kind !== "match") return undefined;
  const { name, revision, info = new Uint8Array() } = matchAttrs.decode(new Reader(expr.raw));
  if (name === "comment" && revision === 0) return { name, text: textOf(info) };
  return name === "conntrack" && revision === 3 ? conntrackOf(info) : undefined;
}

function textOf(info: Uint8Array): string {
  const end = info.indexOf(0);
  return String.fromCharCode(...info.subarray(0, end < 0 ? info.length : end));
}

/** Places in struct xt_conntrack_mtinfo3, after eight addresses and masks, two times and five ports. */
const MATCH_FLAGS = 146;
const INVERT_FLAGS = 148;
const STATE_MASK = 150;
const SIZE = 164;

const XT_CONNTRACK_STATE = 1 << 0;
const XT_CONNTRACK_DIRECTION = 1 << 12;

function conntrackOf(info: Uint8Array): Conntrack | undefined {
  if (info.length < SIZE) return undefined;
  const flags = u16At(info, MATCH_FLAGS);
  const inverted = u16At(info, INVERT_FLAGS);
  const directed = (flags & XT_CONNTRACK_DIRECTION) !== 0;
  // Anything else that is matched, or not to be.
  if ((flags & ~XT_CONNTRACK_DIRECTION) !== XT_CONNTRACK_STATE || (inverted & ~XT_CONNTRACK_DIRECTION) !== 0)
    return undefined;
  const direction = inverted & XT_CONNTRACK_DIRECTION ? "reply" : "original";
  return { name: "conntrack", states: u16At(info, STATE_MASK), direction: directed ? direction : undefined };
}
