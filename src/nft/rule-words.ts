import { type Ip, networkOf, parseIp } from "../base/ip.ts";
import { parseMac } from "../base/mac.ts";
import type { Statement } from "./expr.ts";
import { masquerade } from "./match.ts";
import {
  concatInSet,
  daddr,
  dnatToMap,
  dport,
  type IpFamily,
  l4proto,
  type Part,
  saddrNetwork,
} from "./match-concat.ts";
import { ctStatusDnat, fibDaddrLocal } from "./match-kernel.ts";
import { etherSaddr, jump, verdict } from "./match-link.ts";
import { FIELDS, type FieldName, inSet, type Matching, matching, protocolOf } from "./match-values.ts";
import { assertAgree, readField, readValues, refusal, Words } from "./match-words.ts";
import type { Family, Literal, LiteralKeys } from "./objects.ts";
import { COUNTER } from "./xtables.ts";

/** Rules in nft's words: those of its statements that src/nft can make. */

/** What is known where a word is read. */
interface State {
  readonly family: Family;
  readonly words: Words;
  readonly statements: Statement[];
  readonly literals: (Literal | LiteralKeys)[];
  /** The protocol that the matches before say. */
  protocol: number | undefined;
  /** For the next literal. */
  id: number;
}

/**
 * The statements of a rule for tables of a family, and what a transaction must make before it; the literals have the numbers from
 * `firstId` on. Throws Explained, which names the word that is not understood and says what is.
 */
export function parseRule(family: Family, text: string, firstId: number): Matching {
  const state: State = {
    family,
    words: new Words(text),
    statements: [],
    literals: [],
    protocol: undefined,
    id: firstId,
  };
  const { words, statements, literals } = state;
  for (let word = words.peek(); word !== undefined; word = words.peek()) {
    const read = Object.hasOwn(STATEMENTS, word) ? STATEMENTS[word] : undefined;
    if (!read) readComparison(state);
    else {
      words.take(word);
      statements.push(read(state));
    }
  }
  return { statements, literals };
}

/** By the word that begins them, which has been read. */
const STATEMENTS: Readonly<Record<string, (state: State) => Statement>> = {
  accept: () => verdict("accept"),
  drop: () => verdict("drop"),
  return: () => verdict("return"),
  counter: () => ({ text: "counter", exprs: [COUNTER] }),
  masquerade: () => masquerade(),
  jump: ({ words }) => jump(words.take("the name of a chain")),
  fib: ({ words }) => {
    expectWords(words, "fib", "daddr", "type", "local");
    return fibDaddrLocal();
  },
  ct: ({ words }) => {
    expectWords(words, "ct", "status", "dnat");
    return ctStatusDnat();
  },
  ether: readEther,
  dnat: readDnat,
};

function expectWords(words: Words, first: string, ...rest: string[]): void {
  const whole = [first, ...rest].join(" ");
  for (const word of rest) {
    const found = words.take(whole);
    if (found !== word) throw refusal(found, `does not follow ${JSON.stringify(first)}`, `expected ${whole}`);
  }
}

function readEther({ family, words }: State): Statement {
  if (family !== "bridge" && family !== "netdev") {
    throw refusal(
      "ether",
      `cannot be in a table of the family ${family}`,
      "expected bridge or netdev, where each packet has such a header",
    );
  }
  expectWords(words, "ether", "saddr");
  const text = words.take("a MAC address");
  const mac = parseMac(text);
  if (mac?.length !== 6) throw refusal(text, "is no MAC address", "expected six bytes: 02:00:00:00:00:01");
  return etherSaddr(mac);
}

/** `dnat FAMILY to PARTS map @MAP`. */
function readDnat(state: State): Statement {
  const { words } = state;
  const family = ipFamilyOf(state, "dnat");
  words.has(family);
  expectWords(words, "dnat", "to");
  const parts = readParts(state, readField(family, words));
  expectWords(words, "dnat to …", "map");
  return dnatToMap(family, parts, { name: readSet(words), type: [] });
}

function ipFamilyOf({ family }: State, word: string): IpFamily {
  if (family === "ip" || family === "ip6") return family;
  throw refusal(word, `cannot be in a table of the family ${family}`, "expected ip or ip6");
}

/** `FIELD VALUES`, `FIELD @SET`, or `PART . PART @SET`. */
function readComparison(state: State): void {
  const { family, words, statements, literals } = state;
  const field = readField(family, words);
  const next = words.peek();
  if (next === "." || next === "&") {
    statements.push(concatInSet(readParts(state, field), { name: readSet(words), type: [] }));
    return;
  }
  const isNot = next === "!=" && (words.peek(1)?.startsWith("@") ?? false);
  if (isNot) words.take("!=");
  if (words.peek()?.startsWith("@")) {
    settle(state, field, protocolOf({ field, isNot, values: [] }), (protocol) =>
      statements.push(inSet(field, isNot, readSet(words), protocol)),
    );
    return;
  }
  const match = readValues(field, words);
  settle(state, field, protocolOf(match), (protocol) => {
    const made = matching([match], state.id, protocol);
    state.id += made.literals.length;
    statements.push(...made.statements);
    literals.push(...made.literals);
  });
}

/** `make` is given the protocol that is known before; afterwards that of the field is. */
function settle(
  state: State,
  field: FieldName,
  protocol: number | undefined,
  make: (before: number | undefined) => void,
): void {
  assertAgree(field, state.protocol, protocol);
  make(state.protocol);
  state.protocol ??= protocol;
}

function readSet(words: Words): string {
  const word = words.take("@ and the name of a set");
  if (/^@./.test(word)) return word.slice(1);
  throw refusal(word, "is no set", "expected @ and the name of a set");
}

/** The rest of a concatenation that begins with `first`. */
function readParts(state: State, first: FieldName): Part[] {
  const { words, family } = state;
  const parts = [readPart(state, first)];
  while (words.has(".")) parts.push(readPart(state, readField(family, words)));
  return parts;
}

const PARTS: Readonly<Partial<Record<FieldName, Part>>> = {
  "ip daddr": daddr("ip"),
  "ip6 daddr": daddr("ip6"),
  "meta l4proto": l4proto,
  "th dport": dport,
};

function readPart({ words }: State, field: FieldName): Part {
  if (field === "ip saddr") return saddrNetwork("ip", readMask(words, field));
  if (field === "ip6 saddr") return saddrNetwork("ip6", readMask(words, field));
  const part = PARTS[field];
  if (part) return part;
  const known = [...Object.keys(PARTS), "ip saddr", "ip6 saddr"].join(", ");
  throw refusal(field, "cannot be part of a concatenation", `expected one of ${known}`);
}

/** How many bits `& MASK` leaves; all of the field's where it does not follow. */
function readMask(words: Words, field: FieldName): number {
  const bits = FIELDS[field].type === "ipv6_addr" ? 128 : 32;
  if (!words.has("&")) return bits;
  const text = words.take("a mask");
  const mask = parseIp(text);
  const length = mask && leadingOnes(mask);
  if (length !== undefined && mask?.length === bits / 8) return length;
  throw refusal(
    text,
    "is no mask",
    `expected one of ${bits} bits, the ones first: ${bits === 32 ? "255.255.255.0" : "ffff:ffff::"}`,
  );
}

/** Undefined where a one comes after a zero. */
function leadingOnes(mask: Ip): number | undefined {
  const length = mask.reduce((sum, byte) => sum + (byte.toString(2).match(/1/g)?.length ?? 0), 0);
  const whole = networkOf({ ip: new Uint8Array(mask.length).fill(255), length });
  return whole.every((byte, i) => byte === mask[i]) ? length : undefined;
}
