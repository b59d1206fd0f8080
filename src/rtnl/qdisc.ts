import type { Client } from "../netlink/client.ts";
import type { Change, Question, Request } from "../netlink/request.ts";
import { attrs } from "../wire/attrs.ts";
import { type Coder, cstr } from "../wire/coder.ts";
import { NLM_F_CREATE, NLM_F_EXCL } from "../wire/message.ts";
import { type Dev, indexOf, wordFor } from "./dev.ts";
import { FIRST_HANDLE, INGRESS, INGRESS_HANDLE, ROOT, TCA_KIND, TCA_OPTIONS, tcHeader } from "./tc.ts";

/** Queueing disciplines, as `tc qdisc` has them. */

const RTM_NEWQDISC = 36;
const RTM_DELQDISC = 37;
const RTM_GETQDISC = 38;

/** What a token bucket filter lets through: tc-tbf(8), struct tc_tbf_qopt. */
export interface Tbf {
  /** Bytes a second. */
  readonly rate: number;
  /** Bytes that may wait for tokens. */
  readonly limit: number;
  /** The bucket's size, as the time that it takes at that rate: in units of 64 ns. */
  readonly buffer: number;
}

const WORD = 2 ** 32;

/** 64 bits in the machine's order; exact up to 2^53. */
const u64: Coder<number> = {
  encode(w, v) {
    w.u32(v % WORD);
    w.u32(Math.floor(v / WORD));
  },
  decode: (r) => r.u32() + r.u32() * WORD,
};

/** struct tc_ratespec of the rate and, all zeros, of the peak rate, which there is none; then limit, buffer, mtu. */
const tbfParms: Coder<Tbf> = {
  encode(w, { rate, limit, buffer }) {
    w.words(0, 0, rate % WORD, 0);
    w.words(0, 0, limit, buffer);
    w.u32(0);
  },
  decode(r) {
    r.skip(8);
    const rate = r.u32();
    r.skip(12);
    return { rate, limit: r.u32(), buffer: r.u32() };
  },
};

/** TCA_TBF_*. */
const tbfOptions = attrs({ parms: [1, tbfParms], rate64: [4, u64] });
export const qdiscAttrs = attrs({ kind: [TCA_KIND, cstr], options: [TCA_OPTIONS, tbfOptions] });
/** Of a qdisc whose options are another kind's. */
const kindAttrs = attrs({ kind: [TCA_KIND, cstr] });

export interface TbfOn extends Tbf {
  readonly dev: Dev;
}

export const ADD_TBF: Change<TbfOn> = {
  type: RTM_NEWQDISC,
  flags: NLM_F_CREATE | NLM_F_EXCL,
  text: ({ dev, rate, limit }) => `tc qdisc add dev ${wordFor(dev)} root handle 1: tbf rate ${rate}bps limit ${limit}`,
  write(w, { dev, ...parms }) {
    tcHeader.encode(w, { index: indexOf(dev), handle: FIRST_HANDLE, parent: ROOT, info: 0 });
    const rate64 = parms.rate >= WORD ? parms.rate : undefined;
    qdiscAttrs.encode(w, { kind: "tbf", options: { parms, rate64 } });
  },
};

/**
 * Like `tc qdisc add dev LINK root handle 1: tbf rate R limit L burst B`. EEXIST where LINK has another than the kernel's
 * own, EINVAL for a bucket that holds nothing, ENOENT where the kernel has no tbf.
 */
export function addTbf(dev: Dev, tbf: Tbf): Request<TbfOn> {
  return { form: ADD_TBF, object: { dev, ...tbf } };
}

export const ADD_INGRESS: Change<Dev> = {
  type: RTM_NEWQDISC,
  flags: NLM_F_CREATE | NLM_F_EXCL,
  text: (dev) => `tc qdisc add dev ${wordFor(dev)} ingress`,
  write(w, dev) {
    tcHeader.encode(w, { index: indexOf(dev), handle: INGRESS_HANDLE, parent: INGRESS, info: 0 });
    kindAttrs.encode(w, { kind: "ingress" });
  },
};

/** Like `tc qdisc add dev LINK ingress`: what comes in can be filtered. EEXIST where it can already, also by clsact. */
export function addIngress(dev: Dev): Request<Dev> {
  return { form: ADD_INGRESS, object: dev };
}

/** Where on a device a qdisc is. */
export interface QdiscRef {
  readonly dev: Dev;
  readonly parent: typeof ROOT | typeof INGRESS;
}

function wordsFor({ dev, parent }: QdiscRef): string {
  return `dev ${wordFor(dev)} ${parent === ROOT ? "root" : "ingress"}`;
}

export const DELETE_QDISC: Change<QdiscRef> = {
  type: RTM_DELQDISC,
  flags: 0,
  text: (place) => `tc qdisc del ${wordsFor(place)}`,
  write(w, { dev, parent }) {
    tcHeader.encode(w, { index: indexOf(dev), handle: 0, parent, info: 0 });
  },
};

/** Like `tc qdisc del dev LINK root`, or `ingress`, with its filters. */
export function deleteQdisc(place: QdiscRef): Request<QdiscRef> {
  return { form: DELETE_QDISC, object: place };
}

export interface Qdisc {
  /** ifindex of its device. */
  readonly index: number;
  readonly parent: number;
  /** "tbf", "ingress", "noqueue" … */
  readonly kind: string;
  /** Of a tbf. */
  readonly tbf?: Tbf | undefined;
}

/** All: a question about one is not answered where the kernel's own stands in its place. */
const SHOW_QDISCS: Question<undefined, Qdisc> = {
  type: RTM_GETQDISC,
  flags: 0,
  text: () => "tc qdisc show",
  write: (w) => tcHeader.encode(w, { index: 0, handle: 0, parent: 0, info: 0 }),
  read({ body }) {
    const { index, parent } = tcHeader.decode(body);
    const at = body.at;
    const { kind = "" } = kindAttrs.decode(body);
    if (kind !== "tbf") return { index, parent, kind };
    body.at = at;
    const { parms, rate64 } = qdiscAttrs.decode(body).options ?? {};
    return { index, parent, kind, tbf: parms && { ...parms, rate: rate64 ?? parms.rate } };
  },
};

/** Like `tc qdisc show`: those of all devices. */
export function listQdiscs(client: Client): Qdisc[] {
  return client.dump(SHOW_QDISCS, undefined);
}
