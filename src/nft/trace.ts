import { attrs } from "../wire/attrs.ts";
import { bytes, cstr, i32be, u32be, u64be } from "../wire/coder.ts";
import { readMessages } from "../wire/message.ts";
import { EQ, NFTRACE, REG_1, type Statement, TRANSPORT_HEADER } from "./expr.ts";
import { compare, load } from "./instructions.ts";
import { FAMILIES, type Family } from "./objects.ts";
import { header, NFT_TRACE } from "./tables.ts";

/** Watching packets on their way through the rules, as `nft monitor trace` does. */

/** NFNLGRP_NFTRACE: the multicast group in which the kernel tells of packets that are traced. */
export const TRACE_GROUP = 9;

/** `meta nftrace set 1`: from here on the kernel tells of each rule that matches the packet, and of each chain's end. */
export function setTrace(): Statement {
  return {
    text: "meta nftrace set 1",
    exprs: [
      { name: "immediate", data: { dreg: REG_1, data: { value: Uint8Array.of(1) } } },
      { name: "meta", data: { key: NFTRACE, sreg: REG_1 } },
    ],
  };
}

/** `@th,BITS,BITS VALUE`: bytes of the transport header, or of what comes after it, from byte `offset` on; at most 16. */
export function inTransport(offset: number, value: Uint8Array): Statement {
  const digits = Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return {
    text: `@th,${8 * offset},${8 * value.length} 0x${digits}`,
    exprs: [load(TRANSPORT_HEADER, offset, value.length), compare(EQ, value)],
  };
}

/** enum nft_trace_types. */
const KINDS = [undefined, "policy", "return", "rule"] as const;

/** What became of a packet: at a rule, or at the end of a chain. */
const VERDICTS: Readonly<Record<number, Verdict>> = {
  0: "drop",
  1: "accept",
  2: "stolen",
  3: "queue",
  [-1]: "continue",
  [-2]: "break",
  [-3]: "jump",
  [-4]: "goto",
  [-5]: "return",
};
export type Verdict = "drop" | "accept" | "stolen" | "queue" | "continue" | "break" | "jump" | "goto" | "return";

/** A step of a packet: a rule that matched it, or the end of a chain. */
export interface Step {
  /** The same for all steps of a packet in one base chain at least; not for good. */
  readonly id: number;
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  /** rule: it matched. policy: no rule of the base chain decided. return: a chain that was jumped to ended. */
  readonly kind: "rule" | "policy" | "return";
  /** Of the rule; 0 of the others. */
  readonly handle: number;
  readonly verdict: Verdict | "unknown";
  /** The packet itself, which only the first step in a base chain has. */
  readonly packet: Seen | undefined;
}

/** A packet as a base chain found it. */
export interface Seen {
  /** The first bytes of its IP header: 20, or 40. */
  readonly network: Uint8Array;
  /** The first 20 bytes behind the IP header, as many as there are. */
  readonly transport: Uint8Array;
  /** ifindex, 0 where there is none (yet). */
  readonly iif: number;
  readonly oif: number;
}

/** NFTA_TRACE_*. */
export const traceAttrs = attrs({
  table: [1, cstr],
  chain: [2, cstr],
  handle: [3, u64be],
  kind: [4, u32be],
  verdict: [5, attrs({ code: [1, i32be] })],
  id: [6, u32be],
  network: [8, bytes],
  transport: [9, bytes],
  iif: [10, u32be],
  oif: [12, u32be],
  policy: [16, u32be],
});

/** The steps that a datagram of TRACE_GROUP tells of; those of families that objects.ts does not know are left out. */
export function readSteps(datagram: Uint8Array): Step[] {
  return readMessages(datagram).flatMap(({ type, body }) => {
    if (type !== NFT_TRACE) return [];
    const { family: number } = header.decode(body);
    const family = (Object.keys(FAMILIES) as Family[]).find((name) => FAMILIES[name] === number);
    const a = traceAttrs.decode(body);
    const kind = KINDS[a.kind ?? 0];
    // That the rules of a chain are at their end comes as a rule without a number.
    if (family === undefined || kind === undefined || (kind === "rule" && a.handle === undefined)) return [];
    const { table = "", chain = "", handle = 0, id = 0, iif = 0, oif = 0 } = a;
    const packet = a.network && { network: a.network, transport: a.transport ?? new Uint8Array(0), iif, oif };
    const code = kind === "policy" ? a.policy : a.verdict?.code;
    const verdict = VERDICTS[code ?? Number.NaN] ?? "unknown";
    return { id, family, table, chain, kind, handle, verdict, packet };
  });
}
