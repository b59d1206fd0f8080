import { type Family, parseIp, parsePrefix } from "../../../base/ip.ts";
import { encodeUtf8 } from "../../../base/utf8.ts";
import { portBytes } from "../../../nft/concat.ts";
import {
  EQ,
  type Expr,
  IIFNAME,
  L4PROTO,
  NAT_DNAT,
  NEQ,
  NFT_GOTO,
  OIFNAME,
  REG_1,
  REG_VERDICT,
} from "../../../nft/expr.ts";
import { compare, masked } from "../../../nft/instructions.ts";
import { beginningWith, type Interval } from "../../../nft/intervals.ts";
import { masquerade } from "../../../nft/match.ts";
import { fibDaddrLocal } from "../../../nft/match-kernel.ts";
import { jump, verdict } from "../../../nft/match-link.ts";
import { type FieldName, matching } from "../../../nft/match-values.ts";
import { encoded, u32 } from "../../../wire/coder.ts";
import { CT_STATE } from "./rule.ts";

/** Rules of the old iptables, as `iptables-legacy -S` prints them, in the expressions of nf_tables that they equal. Pure. */

/** A word without its quotes. */
export const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(
    ([, quoted, plain = ""]) => quoted?.replace(/\\(.)/g, "$1") ?? plain,
  );

/** What nobody here knows whether a packet is. */
const unknown = (what: string): Expr[] => [{ name: "foreign", kind: what, raw: new Uint8Array() }];

/** The rest of a line `-A CHAIN …`; `isChain` says which targets are chains. */
export function exprsOf(words: readonly string[], family: Family, isChain: (name: string) => boolean): Expr[] {
  const exprs: Expr[] = [];
  for (let i = 0; i < words.length; ) {
    const isNot = words[i] === "!";
    const option = words[isNot ? i + 1 : i] ?? "";
    const value = words[isNot ? i + 2 : i + 1] ?? "";
    if (option === "-j" || option === "-g")
      return [...exprs, ...targetOf(option, value, words.slice(i + 2), family, isChain)];
    const read = Object.hasOwn(MATCHES, option) ? MATCHES[option] : undefined;
    exprs.push(...(read?.(value, isNot, family) ?? unknown(option)));
    i += isNot ? 3 : 2;
    // What is not known here may have no value, or several.
    if (!read) while (i < words.length && !/^(!|-.*)$/.test(words[i] ?? "")) i++;
  }
  return exprs;
}

/** Undefined: it cannot be said. */
type ReadMatch = (value: string, isNot: boolean, family: Family) => Expr[] | undefined;

const nameOf = (key: number): ReadMatch => {
  return (value, isNot) => {
    const name = encodeUtf8(value.endsWith("+") ? value.slice(0, -1) : `${value}\0`);
    return [{ name: "meta", data: { key, dreg: REG_1 } }, compare(isNot ? NEQ : EQ, name)];
  };
};

const addressOf = (which: "saddr" | "daddr"): ReadMatch => {
  return (value, isNot, family) => {
    const prefix = parsePrefix(value);
    return prefix && compared(family === 4 ? `ip ${which}` : `ip6 ${which}`, isNot, beginningWith(prefix));
  };
};

const portOf = (field: "th sport" | "th dport"): ReadMatch => {
  return (value, isNot) => {
    const [from, to = from, more] = value.split(":").map(Number);
    if (from === undefined || to === undefined || more !== undefined || !(to < 65_536)) return undefined;
    return compared(field, isNot, { from: portBytes(from), to: portBytes(to) });
  };
};

const compared = (field: FieldName, isNot: boolean, value: Interval): Expr[] =>
  matching([{ field, isNot, values: [value] }], 0).statements.flatMap(({ exprs }) => exprs);

const PROTOCOLS: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, "ipv6-icmp": 58, sctp: 132 };

/** NF_CT_STATE_*; a packet of ours is translated nowhere yet, so it has no state SNAT or DNAT. */
const STATES: Readonly<Record<string, number>> = { INVALID: 1, ESTABLISHED: 2, RELATED: 4, NEW: 8, UNTRACKED: 64 };

const stateOf: ReadMatch = (value, isNot) => [
  { name: "ct", data: { key: CT_STATE, dreg: REG_1 } },
  masked(
    encoded(
      u32,
      value.split(",").reduce((bits, name) => bits | (STATES[name] ?? 0), 0),
    ),
  ),
  compare(isNot ? EQ : NEQ, new Uint8Array(4)),
];

/** Whose options are all read below: of others it is not known what they match without any. */
const MODULES = ["tcp", "udp", "sctp", "comment", "conntrack", "state", "addrtype"];

const MATCHES: Readonly<Record<string, ReadMatch>> = {
  "-i": nameOf(IIFNAME),
  "-o": nameOf(OIFNAME),
  "-s": addressOf("saddr"),
  "-d": addressOf("daddr"),
  "-p": (value, isNot) => {
    const number = PROTOCOLS[value] ?? (/^\d+$/.test(value) ? Number(value) : undefined);
    const load: Expr = { name: "meta", data: { key: L4PROTO, dreg: REG_1 } };
    return number === undefined ? undefined : [load, compare(isNot ? NEQ : EQ, Uint8Array.of(number))];
  },
  "-m": (value) => (MODULES.includes(value) ? [] : undefined),
  "--sport": portOf("th sport"),
  "--dport": portOf("th dport"),
  "--comment": () => [],
  "--ctstate": stateOf,
  "--state": stateOf,
  "--dst-type": (value, isNot) => (value === "LOCAL" && !isNot ? [...fibDaddrLocal().exprs] : undefined),
};

function targetOf(
  option: "-j" | "-g",
  name: string,
  rest: readonly string[],
  family: Family,
  isChain: (name: string) => boolean,
): Expr[] {
  if (isChain(name)) return option === "-j" ? [...jump(name).exprs] : goto(name);
  switch (name) {
    case "ACCEPT":
    case "DROP":
    case "RETURN":
      return [...verdict(name.toLowerCase() as "accept").exprs];
    case "REJECT":
      return [{ name: "foreign", kind: "reject", raw: new Uint8Array() }];
    case "REDIRECT":
      return [{ name: "foreign", kind: "redir", raw: new Uint8Array() }];
    case "MASQUERADE":
      return [...masquerade().exprs];
    case "DNAT":
    case "SNAT":
      return translation(name, rest[1] ?? "", family);
    default:
      // LOG, MARK and others, after which the packet goes on.
      return [];
  }
}

const goto = (chain: string): Expr[] => [
  { name: "immediate", data: { dreg: REG_VERDICT, data: { verdict: { code: NFT_GOTO, chain } } } },
];

/** Where the kernel may choose among several, none is said. */
function translation(name: "DNAT" | "SNAT", to: string, family: Family): Expr[] {
  const [, bracketed, plain = "", port] =
    /^(?:\[(.*)\]|([^[\]]*?))(?::(\d+))?$/.exec(family === 6 && !to.startsWith("[") ? `[${to}]` : to) ?? [];
  const ip = parseIp(bracketed ?? plain);
  const value = (dreg: number, bytes: Uint8Array): Expr => ({
    name: "immediate",
    data: { dreg, data: { value: bytes } },
  });
  const type = name === "DNAT" ? NAT_DNAT : NAT_SNAT;
  if (!ip) return [{ name: "nat", data: { type } }];
  if (port === undefined) return [value(REG_1, ip), { name: "nat", data: { type, addrMin: REG_1 } }];
  const protoMin = REG_1 + 1;
  return [
    value(REG_1, ip),
    value(protoMin, portBytes(Number(port))),
    { name: "nat", data: { type, addrMin: REG_1, protoMin } },
  ];
}

const NAT_SNAT = 0;
