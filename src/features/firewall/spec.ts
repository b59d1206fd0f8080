import { formatIp } from "../../base/ip.ts";
import { decodeUtf8 } from "../../base/utf8.ts";
import {
  EQ,
  type Expr,
  IIFNAME,
  NETWORK_HEADER,
  NF_ACCEPT,
  NF_DROP,
  NFT_JUMP,
  NFT_RETURN,
  OIFNAME,
} from "../../nft/expr.ts";
import { STATES, type XtMatch, xtMatchOf } from "../../nft/xtables.ts";
import type { Spec } from "./layout.ts";

/** The rules of iptables on nf_tables, read from the kernel as iptables-save prints them. Pure. */

/** Where addresses are in the header: offset and length → option. */
const ADDRESSES: Readonly<Record<string, string>> = { "12,4": "-s", "16,4": "-d", "8,16": "-s", "24,16": "-d" };

const INTERFACES: Readonly<Record<number, string>> = { [IIFNAME]: "-i", [OIFNAME]: "-o" };

/** Undefined for a rule with anything in it that those of firewall do not have. @throws DecodeError */
export function specOf(exprs: readonly Expr[]): Spec | undefined {
  const words: string[] = [];
  let load: Expr | undefined;
  for (const expr of exprs) {
    if (expr.name === "foreign" && expr.kind === "counter") continue;
    const isLoad = expr.name === "payload" || expr.name === "meta";
    const word = isLoad ? "" : expr.name === "cmp" ? comparison(load, expr.data) : (matched(expr) ?? target(expr));
    load = isLoad ? expr : undefined;
    if (word === undefined) return undefined;
    if (word !== "") words.push(word);
  }
  return words.join(" ");
}

type Cmp = Extract<Expr, { name: "cmp" }>["data"];

function comparison(load: Expr | undefined, { op, data }: Cmp): string | undefined {
  const value = data?.value;
  if (!value) return undefined;
  if (load?.name === "payload") {
    const { base, offset, length } = load.data;
    const option = base === NETWORK_HEADER && op === EQ ? ADDRESSES[`${offset},${length}`] : undefined;
    return option && `${option} ${formatIp(value)}/${8 * value.length}`;
  }
  if (load?.name !== "meta") return undefined;
  const option = INTERFACES[load.data.key ?? -1];
  const end = value.indexOf(0);
  // Without its NUL it is the beginning of names.
  return option && end > 0 ? `${op === EQ ? "" : "! "}${option} ${decodeUtf8(value.subarray(0, end))}` : undefined;
}

function matched(expr: Expr): string | undefined {
  const match = xtMatchOf(expr);
  if (match?.name === "comment") return `-m comment --comment "${match.text}"`;
  return match && conntrack(match);
}

function conntrack({ states, direction }: Extract<XtMatch, { name: "conntrack" }>): string | undefined {
  const { DNAT, ESTABLISHED, RELATED } = STATES;
  const names = states === DNAT ? "DNAT" : states === (RELATED | ESTABLISHED) ? "RELATED,ESTABLISHED" : undefined;
  return names && `-m conntrack --ctstate ${names}${direction ? ` --ctdir ${direction.toUpperCase()}` : ""}`;
}

const TARGETS: Readonly<Record<number, string>> = { [NF_ACCEPT]: "ACCEPT", [NF_DROP]: "DROP", [NFT_RETURN]: "RETURN" };

function target(expr: Expr): string | undefined {
  const verdict = expr.name === "immediate" ? expr.data.data?.verdict : undefined;
  if (verdict?.code === undefined) return undefined;
  const name = verdict.code === NFT_JUMP ? verdict.chain : TARGETS[verdict.code];
  return name && `-j ${name}`;
}
