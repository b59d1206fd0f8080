import { formatMac, type Mac } from "../base/mac.ts";
import { encodeUtf8 } from "../base/utf8.ts";
import {
  EQ,
  type Expr,
  IIFNAME,
  LINK_HEADER,
  NF_ACCEPT,
  NF_DROP,
  NFT_JUMP,
  NFT_RETURN,
  REG_1,
  REG_VERDICT,
  type Statement,
} from "./expr.ts";
import { compare, load } from "./instructions.ts";
import { KEY_TYPES } from "./objects.ts";

/** `iifname "NAME"`. */
export function iifname(name: string): Statement {
  const padded = new Uint8Array(KEY_TYPES.ifname.size);
  padded.set(encodeUtf8(name));
  return {
    text: `iifname "${name}"`,
    exprs: [{ name: "meta", data: { key: IIFNAME, dreg: REG_1 } }, compare(EQ, padded)],
  };
}

/** `ether saddr MAC`. For tables of the families bridge and netdev, where every packet has an Ethernet header. */
export function etherSaddr(mac: Mac): Statement {
  return { text: `ether saddr ${formatMac(mac)}`, exprs: [load(LINK_HEADER, 6, 6), compare(EQ, mac)] };
}

const VERDICTS = { accept: NF_ACCEPT, drop: NF_DROP, return: NFT_RETURN } as const;

/** `accept`, `drop` or `return`. */
export function verdict(word: keyof typeof VERDICTS): Statement {
  return { text: word, exprs: [decide({ code: VERDICTS[word] })] };
}

/** `jump CHAIN`: a chain of the same table, from where `return` and its end come back. */
export function jump(chain: string): Statement {
  return { text: `jump ${chain}`, exprs: [decide({ code: NFT_JUMP, chain })] };
}

function decide(verdict: { code: number; chain?: string }): Expr {
  return { name: "immediate", data: { dreg: REG_VERDICT, data: { verdict } } };
}
