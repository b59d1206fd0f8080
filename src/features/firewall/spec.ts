import { formatIp, parsePrefix } from "../../base/ip.ts";
import { decodeUtf8, encodeUtf8 } from "../../base/utf8.ts";
import {
  EQ,
  type Expr,
  IIFNAME,
  NEQ,
  NETWORK_HEADER,
  NF_ACCEPT,
  NF_DROP,
  NFT_JUMP,
  NFT_RETURN,
  OIFNAME,
  REG_1,
} from "../../nft/expr.ts";
import { addressOffset, compare, load } from "../../nft/instructions.ts";
import { jump, verdict } from "../../nft/match-link.ts";
import { COUNTER, STATES, type XtMatch, xtMatch, xtMatchOf } from "../../nft/xtables.ts";
import type { Spec } from "./layout.ts";

/** The rules of iptables on nf_tables, read from the kernel as iptables-save prints them. Pure. */

/** Where addresses are in the header: offset and length → option. */
const ADDRESSES: Readonly<Record<string, string>> = { "12,4": "-s", "16,4": "-d", "8,16": "-s", "24,16": "-d" };

const INTERFACES: Readonly<Record<number, string>> = { [IIFNAME]: "-i", [OIFNAME]: "-o" };

/** Undefined for a rule with anything in it that those of firewall do not have. @throws DecodeError */
export function specOf(exprs: readonly Expr[]): Spec | undefined {
  const words: string[] = [];
  let loaded: Expr | undefined;
  for (const expr of exprs) {
    if (expr.name === "foreign" && expr.kind === "counter") continue;
    const isLoad = expr.name === "payload" || expr.name === "meta";
    const word = isLoad ? "" : expr.name === "cmp" ? comparison(loaded, expr.data) : (matched(expr) ?? target(expr));
    loaded = isLoad ? expr : undefined;
    if (word === undefined) return undefined;
    if (word !== "") words.push(word);
  }
  return words.join(" ");
}

type Cmp = Extract<Expr, { name: "cmp" }>["data"];

function comparison(loaded: Expr | undefined, { op, data }: Cmp): string | undefined {
  const value = data?.value;
  if (!value) return undefined;
  if (loaded?.name === "payload") {
    const { base, offset, length } = loaded.data;
    const option = base === NETWORK_HEADER && op === EQ ? ADDRESSES[`${offset},${length}`] : undefined;
    return option && `${option} ${formatIp(value)}/${8 * value.length}`;
  }
  if (loaded?.name !== "meta") return undefined;
  const option = INTERFACES[loaded.data.key ?? -1];
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

const STATES_OF: Readonly<Record<string, number>> = {
  DNAT: STATES.DNAT,
  "RELATED,ESTABLISHED": STATES.RELATED | STATES.ESTABLISHED,
};

/** Each part of a rule, and its expressions; undefined where it has none here. */
const PARTS: readonly (readonly [RegExp, (...groups: (string | undefined)[]) => Expr[] | undefined])[] = [
  [/^-([sd]) (\S+) /, (which, address = "") => addressMatch(which === "s" ? "saddr" : "daddr", address)],
  [
    /^(! )?-([io]) (\S+) /,
    (not, which, name = "") => interfaceMatch(which === "i" ? IIFNAME : OIFNAME, name, not ? NEQ : EQ),
  ],
  [
    /^-m conntrack --ctstate (\S+) (?:--ctdir (REPLY) )?/,
    (names = "", reply) => {
      const states = STATES_OF[names];
      return states === undefined
        ? undefined
        : [xtMatch({ name: "conntrack", states, direction: reply ? "reply" : undefined })];
    },
  ],
  [/^-m comment --comment "([ -~]*?)" /, (text = "") => [xtMatch({ name: "comment", text })]],
  [/^-j (ACCEPT|DROP|RETURN)$/, (word = "") => [COUNTER, ...verdict(word.toLowerCase() as "accept").exprs]],
  [/^-j (\S+)$/, (chain = "") => [COUNTER, ...jump(chain).exprs]],
];

/** The expressions of a rule, as iptables makes them; undefined for one that has other parts than firewall's. */
export function exprsOf(spec: Spec): Expr[] | undefined {
  const exprs: Expr[] = [];
  for (let rest = spec; rest !== ""; ) {
    const part = PARTS.find(([pattern]) => pattern.test(rest));
    const [whole = "", ...groups] = part?.[0].exec(rest) ?? [];
    const own = part?.[1](...groups);
    if (!own) return undefined;
    exprs.push(...own);
    rest = rest.slice(whole.length);
  }
  return exprs;
}

function addressMatch(which: "saddr" | "daddr", address: string): Expr[] | undefined {
  const prefix = parsePrefix(address);
  if (!prefix || prefix.length !== 8 * prefix.ip.length) return undefined;
  const size = prefix.ip.length;
  return [load(NETWORK_HEADER, addressOffset(which, size), size), compare(EQ, prefix.ip)];
}

/** A name that ends with "+" is the beginning of names. */
function interfaceMatch(key: number, name: string, op: number): Expr[] | undefined {
  if (name.endsWith("+")) return undefined;
  return [{ name: "meta", data: { key, dreg: REG_1 } }, compare(op, encodeUtf8(`${name}\0`))];
}
