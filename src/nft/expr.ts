import { attrs, writeAttr } from "../wire/attrs.ts";
import { bytes, type Coder, cstr, i32be, u32be, type Value } from "../wire/coder.ts";
import { Reader } from "../wire/cursor.ts";

/** Expressions: the instructions of nf_tables' virtual machine, of which rules are made. */

/** Registers: the verdict's, and the first of those for data (16 bytes). */
export const REG_VERDICT = 0;
export const REG_1 = 1;

/** enum nft_payload_bases. */
export const LINK_HEADER = 0;
export const NETWORK_HEADER = 1;
export const TRANSPORT_HEADER = 2;

/** enum nft_cmp_ops. */
export const EQ = 0;
export const NEQ = 1;
export const LTE = 3;
export const GTE = 5;

/** NFT_LOOKUP_F_INV: goes on with what is not in the set. */
export const LOOKUP_INVERTED = 1;

/** enum nft_meta_keys. */
export const IIFNAME = 6;
export const OIFNAME = 7;
export const NFTRACE = 12;
export const L4PROTO = 16;

/** enum nft_ct_keys. */
export const CT_STATUS = 2;

/** NFTA_FIB_F_DADDR, enum nft_fib_result, and what is local (RTN_LOCAL). */
export const FIB_DADDR = 2;
export const FIB_ADDRTYPE = 3;
export const RTN_LOCAL = 2;

/** enum nft_nat_types. */
export const NAT_DNAT = 1;

/** Verdicts: netfilter's own, and those inside nf_tables (enum nft_verdicts). */
export const NF_DROP = 0;
export const NF_ACCEPT = 1;
export const NFT_JUMP = -3;
export const NFT_GOTO = -4;
export const NFT_RETURN = -5;

/** NFTA_DATA_*: register contents as raw bytes, or a verdict. */
export const data = attrs({
  value: [1, bytes],
  verdict: [2, attrs({ code: [1, i32be], chain: [2, cstr] })],
});

/** NFTA_EXPR_DATA of each expression, by NFTA_EXPR_NAME. */
const EXPRESSIONS = {
  payload: attrs({ dreg: [1, u32be], base: [2, u32be], offset: [3, u32be], length: [4, u32be] }),
  meta: attrs({ key: [2, u32be], dreg: [1, u32be], sreg: [3, u32be] }),
  bitwise: attrs({ sreg: [1, u32be], dreg: [2, u32be], length: [3, u32be], mask: [4, data], xor: [5, data] }),
  cmp: attrs({ sreg: [1, u32be], op: [2, u32be], data: [3, data] }),
  range: attrs({ sreg: [1, u32be], op: [2, u32be], from: [3, data], to: [4, data] }),
  lookup: attrs({ sreg: [2, u32be], dreg: [3, u32be], set: [1, cstr], setId: [4, u32be], flags: [5, u32be] }),
  immediate: attrs({ dreg: [1, u32be], data: [2, data] }),
  masq: attrs({}),
  fib: attrs({ flags: [3, u32be], result: [2, u32be], dreg: [1, u32be] }),
  ct: attrs({ key: [2, u32be], dreg: [1, u32be] }),
  nat: attrs({ type: [1, u32be], family: [2, u32be], addrMin: [3, u32be], protoMin: [5, u32be] }),
} as const;

type Known = {
  [N in keyof typeof EXPRESSIONS]: { readonly name: N; readonly data: Value<(typeof EXPRESSIONS)[N]> };
}[keyof typeof EXPRESSIONS];

/** An expression that is not in the table above, as it came: others' rules have counters, xtables matches … */
interface Foreign {
  readonly name: "foreign";
  readonly kind: string;
  readonly raw: Uint8Array;
}

export type Expr = Known | Foreign;

/** A match or verdict of a rule: what nft would print, and the expressions that it stands for. */
export interface Statement {
  readonly text: string;
  readonly exprs: readonly Expr[];
}

const NFTA_EXPR_NAME = 1;
const NFTA_EXPR_DATA = 2;

const envelope = attrs({ name: [NFTA_EXPR_NAME, cstr], data: [NFTA_EXPR_DATA, { ...bytes, nested: true }] });

/** NFTA_LIST_ELEM of a rule's expressions. */
export const expr: Coder<Expr> & { readonly nested: true } = {
  nested: true,
  encode(w, value) {
    if (value.name === "foreign") return envelope.encode(w, { name: value.kind, data: value.raw });
    const coder: Coder<Known["data"]> = EXPRESSIONS[value.name];
    writeAttr(w, NFTA_EXPR_NAME, cstr, value.name);
    writeAttr(w, NFTA_EXPR_DATA, coder, value.data);
  },
  decode(r) {
    const { name = "", data: raw = new Uint8Array(0) } = envelope.decode(r);
    if (!isKnown(name)) return { name: "foreign", kind: name, raw };
    const coder: Coder<Known["data"]> = EXPRESSIONS[name];
    return { name, data: coder.decode(new Reader(raw)) } as Known;
  },
};

function isKnown(name: string): name is Known["name"] {
  return Object.hasOwn(EXPRESSIONS, name);
}
