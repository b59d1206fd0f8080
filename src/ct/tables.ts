import { attrs } from "../wire/attrs.ts";
import { ip, u8, u16be, u32, u32be, type Value } from "../wire/coder.ts";
import type { Reader, Writer } from "../wire/cursor.ts";

/** conntrack as nfnetlink carries it (linux/netfilter/nfnetlink_conntrack.h). */

/** NFNL_SUBSYS_CTNETLINK: the high byte of a message type. */
const SUBSYSTEM = 1;

/** IPCTNL_MSG_CT_GET, IPCTNL_MSG_CT_DELETE and IPCTNL_MSG_CT_GET_STATS. */
export const CT_GET = (SUBSYSTEM << 8) | 1;
export const CT_DELETE = (SUBSYSTEM << 8) | 2;
export const CT_GET_STATS = (SUBSYSTEM << 8) | 5;

export const AF_UNSPEC = 0;
export const AF_INET = 2;
export const AF_INET6 = 10;

/** struct nfgenmsg. */
export function writeHeader(w: Writer, family: number): void {
  w.u32(family);
}

export function readHeader(r: Reader): void {
  r.skip(4);
}

/** CTA_IP_*, CTA_PROTO_* and CTA_TUPLE_*. */
const tuple = attrs({
  ip: [1, attrs({ src4: [1, ip], dst4: [2, ip], src6: [3, ip], dst6: [4, ip] })],
  proto: [2, attrs({ number: [1, u8], srcPort: [2, u16be], dstPort: [3, u16be] })],
});

/** CTA_*. */
export const flowAttrs = attrs({
  orig: [1, tuple],
  reply: [2, tuple],
  /** CTA_PROTOINFO_TCP_STATE. */
  info: [4, attrs({ tcp: [1, attrs({ state: [1, u8] })] })],
  zone: [18, u16be],
  /** CTA_FILTER_*: which parts of either tuple a flow must have; in host order. */
  filter: [25, attrs({ orig: [1, u32], reply: [2, u32] })],
});

export type FlowAttrs = Value<typeof flowAttrs>;

/** States of a TCP connection (linux/netfilter/nf_conntrack_tcp.h). */
export const TCP_SYN_SENT = 1;
export const TCP_CLOSE = 8;

/** CTA_STATS_GLOBAL_*. */
export const statsAttrs = attrs({ entries: [1, u32be] });

/** CTA_FILTER_F_CTA_* (net/netfilter/nf_internals.h). */
export const FILTER_IP_SRC = 1 << 0;
export const FILTER_IP_DST = 1 << 1;
export const FILTER_PROTO_NUM = 1 << 3;
export const FILTER_PROTO_DST_PORT = 1 << 5;
