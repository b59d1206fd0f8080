/** What qdiscs and filters have in common (linux/rtnetlink.h, linux/pkt_sched.h). */
import type { Coder } from "../wire/coder.ts";

/** struct tcmsg. */
export interface TcHeader {
  /** ifindex of the device. */
  readonly index: number;
  readonly handle: number;
  readonly parent: number;
  /** Of a filter: its priority, and its protocol in network order. */
  readonly info: number;
}

export const tcHeader: Coder<TcHeader> = {
  encode(w, { index, handle, parent, info }) {
    w.words(0, index, handle, parent);
    w.u32(info);
  },
  decode(r) {
    r.skip(4);
    return { index: r.i32(), handle: r.u32(), parent: r.u32(), info: r.u32() };
  },
};

/** TCA_*. */
export const TCA_KIND = 1;
export const TCA_OPTIONS = 2;

/** TC_H_ROOT, TC_H_INGRESS: parents. */
export const ROOT = 0xffffffff;
export const INGRESS = 0xfffffff1;
/** "ffff:", which the ingress qdisc has for a handle. */
export const INGRESS_HANDLE = 0xffff0000;
/** "1:". */
export const FIRST_HANDLE = 0x00010000;
