import {
  EQ,
  type Expr,
  GTE,
  IIFNAME,
  L4PROTO,
  LOOKUP_INVERTED,
  LTE,
  NEQ,
  NETWORK_HEADER,
  REG_1,
  type Statement,
  TRANSPORT_HEADER,
} from "./expr.ts";
import { addressOffset, compare, load, masked } from "./instructions.ts";
import { bitsOf, type Interval, intervalKeys, intervalText, isSingle } from "./intervals.ts";
import { ELEMENTS_MAX, KEY_TYPES, type KeyType, LITERAL, type Literal, type LiteralKeys } from "./objects.ts";

/** Comparisons of what a packet has with values that are written into the rule. For tables of the families ip and ip6. */

/** What is compared. */
interface Field {
  readonly type: KeyType;
  /** The protocol whose header it is in. */
  readonly protocol?: number;
  /** Puts its first `length` bytes into the first register. */
  load(length: number): Expr;
}

const address = (type: "ipv4_addr" | "ipv6_addr", which: "saddr" | "daddr"): Field => ({
  type,
  load: (length) => load(NETWORK_HEADER, addressOffset(which, KEY_TYPES[type].size), length),
});

const meta = (type: "ifname" | "inet_proto", key: number): Field => ({
  type,
  load: () => ({ name: "meta", data: { key, dreg: REG_1 } }),
});

const port = (offset: 0 | 2, protocol?: number): Field => ({
  type: "inet_service",
  ...(protocol !== undefined && { protocol }),
  load: (length) => load(TRANSPORT_HEADER, offset, length),
});

/** By their names in nft's words. */
export const FIELDS = {
  "ip saddr": address("ipv4_addr", "saddr"),
  "ip daddr": address("ipv4_addr", "daddr"),
  "ip6 saddr": address("ipv6_addr", "saddr"),
  "ip6 daddr": address("ipv6_addr", "daddr"),
  iifname: meta("ifname", IIFNAME),
  "meta l4proto": meta("inet_proto", L4PROTO),
  "tcp sport": port(0, 6),
  "tcp dport": port(2, 6),
  "udp sport": port(0, 17),
  "udp dport": port(2, 17),
  "sctp sport": port(0, 132),
  "sctp dport": port(2, 132),
  "th sport": port(0),
  "th dport": port(2),
} as const satisfies Record<string, Field>;
export type FieldName = keyof typeof FIELDS;

/** `FIELD VALUE`, or `FIELD != VALUE`; several values are a literal: `FIELD { VALUE, VALUE }`. */
export interface Match {
  readonly field: FieldName;
  readonly isNot: boolean;
  /** At least one; `sorted` (intervals.ts). */
  readonly values: readonly Interval[];
}

export function matchText({ field, isNot, values }: Match): string {
  const texts = values.map((value) => intervalText(FIELDS[field].type, value));
  return `${field} ${isNot ? "!= " : ""}${texts.length === 1 ? texts[0] : `{ ${texts.join(", ")} }`}`;
}

/** The protocol that only a packet can have that a match lets on; undefined when it says of none. */
export function protocolOf({ field, isNot, values: [value, ...more] }: Match): number | undefined {
  const { protocol, type }: Field = FIELDS[field];
  if (type !== "inet_proto") return protocol;
  return isNot || !value || more.length > 0 ? undefined : value.from[0];
}

/** Matches of one rule, and what a transaction must make before it (`literals`). */
export interface Matching {
  readonly statements: readonly Statement[];
  readonly literals: readonly (Literal | LiteralKeys)[];
}

/** All of `matches`. The literals have the numbers from `firstId` on; `before` is the protocol that what comes before them says. */
export function matching(matches: readonly Match[], firstId: number, before?: number): Matching {
  const statements: Statement[] = [];
  const literals: (Literal | LiteralKeys)[] = [];
  let known = before;
  let id = firstId;
  for (const match of matches) {
    const { protocol }: Field = FIELDS[match.field];
    const needed = protocol === undefined || protocol === known ? [] : isProtocol(protocol);
    const made = match.values.length === 1 ? [] : literalOf(match, id++);
    const [set] = made;
    const exprs = set?.kind === "literal" ? inLiteral(match, set) : isValue(match);
    statements.push({ text: matchText(match), exprs: [...needed, ...exprs] });
    literals.push(...made);
    known = protocolOf(match) ?? known;
  }
  return { statements, literals };
}

/** `FIELD @SET`, or `FIELD != @SET`, of a set of the field's type; `before` as above. */
export function inSet(field: FieldName, isNot: boolean, set: string, before?: number): Statement {
  const { protocol, type, load }: Field = FIELDS[field];
  const needed = protocol === undefined || protocol === before ? [] : isProtocol(protocol);
  const data = { sreg: REG_1, set, flags: isNot ? LOOKUP_INVERTED : undefined };
  return {
    text: `${field} ${isNot ? "!= " : ""}@${set}`,
    exprs: [...needed, load(KEY_TYPES[type].size), { name: "lookup", data }],
  };
}

function isProtocol(protocol: number): Expr[] {
  return [FIELDS["meta l4proto"].load(1), compare(EQ, Uint8Array.of(protocol))];
}

/** Like nft: what begins with whole bytes is compared by those bytes, with other bits through a mask, and else by its ends. */
function isValue({ field, isNot, values }: Match): Expr[] {
  const [value] = values as readonly [Interval];
  const { type, load }: Field = FIELDS[field];
  const { size } = KEY_TYPES[type];
  const { from, to } = value;
  const op = isNot ? NEQ : EQ;
  const bits = type === "inet_service" && !isSingle(value) ? undefined : bitsOf(value);
  if (bits === undefined) return [load(size), ...isBetween(value, isNot)];
  if (bits > 0 && bits % 8 === 0) return [load(bits / 8), compare(op, from.subarray(0, bits / 8))];
  return [load(size), masked(from.map((byte, i) => ~(byte ^ (to[i] ?? 0)))), compare(op, from)];
}

function isBetween({ from, to }: Interval, isNot: boolean): Expr[] {
  if (!isNot) return [compare(GTE, from), compare(LTE, to)];
  return [{ name: "range", data: { sreg: REG_1, op: NEQ, from: { value: from }, to: { value: to } } }];
}

function inLiteral({ field, isNot }: Match, { id, type }: Literal): Expr[] {
  const data = { sreg: REG_1, set: LITERAL, setId: id, flags: isNot ? LOOKUP_INVERTED : undefined };
  return [FIELDS[field].load(KEY_TYPES[type].size), { name: "lookup", data }];
}

function literalOf({ field, values }: Match, id: number): (Literal | LiteralKeys)[] {
  const hasIntervals = !values.every(isSingle);
  const literal: Literal = { kind: "literal", id, type: FIELDS[field].type, hasIntervals };
  const keys = hasIntervals ? intervalKeys(values) : values.map(({ from }) => ({ key: from }));
  const parts = Array.from({ length: Math.ceil(keys.length / ELEMENTS_MAX) }, (_, i): LiteralKeys => {
    return { kind: "keys", literal, keys: keys.slice(ELEMENTS_MAX * i, ELEMENTS_MAX * (i + 1)) };
  });
  return [literal, ...parts];
}
