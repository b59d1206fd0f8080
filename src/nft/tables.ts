import { attrs, list } from "../wire/attrs.ts";
import { bytes, type Coder, cstr, i32be, u32be, u64be } from "../wire/coder.ts";
import type { Writer } from "../wire/cursor.ts";
import { data, expr } from "./expr.ts";
import { FAMILIES, type Family } from "./objects.ts";

/** nf_tables as nfnetlink carries it (linux/netfilter/nf_tables.h). Every number in an attribute is in network order. */

/** NFNL_SUBSYS_NFTABLES: the high byte of a message type. */
const SUBSYSTEM = 10;

function messageType(message: number): number {
  return (SUBSYSTEM << 8) | message;
}

/** enum nf_tables_msg_types. */
export const NFT_NEWTABLE = messageType(0);
export const NFT_GETTABLE = messageType(1);
export const NFT_DELTABLE = messageType(2);
export const NFT_NEWCHAIN = messageType(3);
export const NFT_GETCHAIN = messageType(4);
export const NFT_DELCHAIN = messageType(5);
export const NFT_NEWRULE = messageType(6);
export const NFT_GETRULE = messageType(7);
export const NFT_DELRULE = messageType(8);
export const NFT_NEWSET = messageType(9);
export const NFT_GETSET = messageType(10);
export const NFT_DELSET = messageType(11);
export const NFT_NEWSETELEM = messageType(12);
export const NFT_GETSETELEM = messageType(13);
export const NFT_DELSETELEM = messageType(14);
export const NFT_NEWGEN = messageType(15);
export const NFT_GETGEN = messageType(16);
export const NFT_TRACE = messageType(17);

/** Control messages around a batch (linux/netfilter/nfnetlink.h). */
export const NFNL_BATCH_BEGIN = 16;
export const NFNL_BATCH_END = 17;

/** struct nfgenmsg. `resource` (res_id) names the subsystem in a batch's first and last message, else it is 0. */
export interface Header {
  readonly family: number;
  readonly resource: number;
}

export const header: Coder<Header> = {
  encode(w, { family, resource }) {
    w.u8(family);
    w.u8(0);
    w.u16be(resource);
  },
  decode(r) {
    const family = r.u8();
    r.skip(1);
    return { family, resource: r.u16be() };
  },
};

/** The header of a message about objects of a family's tables. */
export function writeHeader(w: Writer, family: Family): void {
  w.u32(FAMILIES[family]);
}

/** The header of NFNL_BATCH_BEGIN and NFNL_BATCH_END. */
export function writeBatchHeader(w: Writer): void {
  header.encode(w, { family: 0, resource: SUBSYSTEM });
}

/** NFNL_BATCH_*: the generation of the ruleset that the batch is about. */
export const batchAttrs = attrs({ generation: [1, u32be] });

/** NFTA_GEN_*. */
export const generationAttrs = attrs({ id: [1, u32be] });

/** NFTA_TABLE_*. */
export const tableAttrs = attrs({
  name: [1, cstr],
  flags: [2, u32be],
  userdata: [6, bytes],
});

/** NFTA_HOOK_*. */
const hookAttrs = attrs({
  number: [1, u32be],
  priority: [2, i32be],
  device: [3, cstr],
});

/** NFTA_CHAIN_*. */
export const chainAttrs = attrs({
  table: [1, cstr],
  handle: [2, u64be],
  name: [3, cstr],
  hook: [4, hookAttrs],
  /** A verdict: NF_ACCEPT or NF_DROP. */
  policy: [5, u32be],
  type: [7, cstr],
  userdata: [12, bytes],
});

/** NFTA_RULE_*. */
export const ruleAttrs = attrs({
  table: [1, cstr],
  chain: [2, cstr],
  handle: [3, u64be],
  exprs: [4, list(1, expr)],
  userdata: [7, bytes],
});

/** NFTA_SET_*. */
export const setAttrs = attrs({
  table: [1, cstr],
  name: [2, cstr],
  flags: [3, u32be],
  keyType: [4, u32be],
  keyLength: [5, u32be],
  dataType: [6, u32be],
  dataLength: [7, u32be],
  description: [9, attrs({ size: [1, u32be] })],
  /** Any number not used twice in a batch; the kernel insists on one. */
  id: [10, u32be],
  userdata: [13, bytes],
});

/** NFTA_SET_ELEM_*. */
const elementAttrs = attrs({
  key: [1, attrs({ value: [1, bytes] })],
  data: [2, data],
  flags: [3, u32be],
  userdata: [6, bytes],
});

/** NFTA_SET_ELEM_LIST_*. */
export const elementsAttrs = attrs({
  table: [1, cstr],
  set: [2, cstr],
  elements: [3, list(1, elementAttrs)],
  /** NFTA_SET_ID of a set that the same batch makes. */
  setId: [4, u32be],
});
