import { Explained } from "../base/explained.ts";
import { compareIp, type Ip, parseIp, parsePrefix } from "../base/ip.ts";
import { encodeUtf8 } from "../base/utf8.ts";
import { portBytes } from "./concat.ts";
import { beginningWith, type Interval, sorted } from "./intervals.ts";
import { FIELDS, type FieldName, type Match } from "./match-values.ts";
import { type Family, KEY_TYPES, type KeyType } from "./objects.ts";
import { PROTOCOLS } from "./text.ts";

/** Matches in nft's words: the part of its syntax that is compiled here, since no nft binary is needed. */

export function refusal(word: string, what: string, accepted: string): Explained {
  return new Explained(`${JSON.stringify(word)} ${what}`, accepted);
}

/** @throws Explained where what comes before `field` says of another protocol than it does; undefined is any */
export function assertAgree(field: FieldName, before: number | undefined, protocol: number | undefined): void {
  if (before === undefined || protocol === undefined || before === protocol) return;
  throw refusal(field, "says of another protocol than what is before it", "one packet has one of tcp, udp, sctp");
}

/** Names in quotes, signs, and what blanks part. */
const WORD = /"[^"]*"|[{},]|!=|==|[^\s{},"!=]+|\S/g;

/** Of a text, one after the other. */
export class Words {
  readonly #words: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#words = text.match(WORD) ?? [];
  }

  /** The next, or one after it. */
  peek(after = 0): string | undefined {
    return this.#words[this.#at + after];
  }

  /** The next, which there must be. */
  take(expected: string): string {
    const word = this.peek();
    if (word === undefined) throw refusal(this.#words.at(-1) ?? "", "is followed by nothing", `expected ${expected}`);
    this.#at++;
    return word;
  }

  /** Whether the next is one of these, which is then passed. */
  has(...words: string[]): boolean {
    const isThere = words.includes(this.peek() ?? "");
    if (isThere) this.#at++;
    return isThere;
  }
}

/** `FIELD VALUE`. Throws Explained, which names the word that is not understood and says what is. */
export function readMatch(family: Family, words: Words): Match {
  return readValues(readField(family, words), words);
}

/** What comes after the field: `[!=] VALUE`, or `[!=] { VALUE, VALUE }`. */
export function readValues(field: FieldName, words: Words): Match {
  const { type } = FIELDS[field];
  const isNot = words.has("!=", "ne");
  if (!isNot) words.has("==", "eq");
  if (!words.has("{")) return { field, isNot, values: [readValue(type, words.take(EXPECTED[type]))] };
  const values: Interval[] = [];
  do {
    values.push(readValue(type, words.take(EXPECTED[type])));
    if (!words.has(",") && words.peek() !== "}") {
      throw refusal(
        words.take('"," or "}"'),
        "is not expected there",
        'values in a set are parted by "," and end with "}"',
      );
    }
  } while (!words.has("}"));
  return { field, isNot, values: sorted(type, values) };
}

/** Other names of some. */
const SAME: Readonly<Record<string, FieldName>> = { "meta iifname": "iifname", "ip protocol": "meta l4proto" };

export function readField(family: Family, words: Words): FieldName {
  const accepted = Object.keys(FIELDS).filter((name) => isOf(family, name));
  const first = words.take("a match");
  const two = `${first} ${words.peek() ?? ""}`;
  const known = (name: string): FieldName | undefined => {
    const field = SAME[name] ?? name;
    return isOf(family, name) && Object.hasOwn(FIELDS, field) ? (field as FieldName) : undefined;
  };
  const field = known(first) ?? known(two);
  const details = `expected one of ${accepted.join(", ")}, then a value, != and a value, or values in { }`;
  if (!field) throw refusal(two.trim(), "is nothing that berth looks at", details);
  if (!known(first)) words.take(details);
  return field;
}

/** Whether a table of that family can have it: in one of another, nft would look at the protocol first. */
function isOf(family: Family, name: string): boolean {
  if (name === "iifname" || name === "meta iifname") return true;
  const [first] = name.split(" ");
  return first === "ip" || first === "ip6" ? first === family : family !== "bridge" && family !== "netdev";
}

const EXPECTED: Readonly<Record<KeyType, string>> = {
  ipv4_addr: "an IPv4 address, a prefix, or two addresses with - between them",
  ipv6_addr: "an IPv6 address, a prefix, or two addresses with - between them",
  ifname: 'an interface\'s name of at most 15 bytes, or the beginning of some and a *: "veth*"',
  inet_proto: Object.values(PROTOCOLS).join(", "),
  inet_service: "a port, or two with - between them: 8000-8999",
  ether_addr: "",
  mark: "",
};

function readValue(type: KeyType, word: string): Interval {
  const value = type === "ifname" ? nameOf(word) : type === "inet_proto" ? protocolNamed(word) : rangeOf(type, word);
  if (value) return value;
  throw refusal(word.replaceAll('"', ""), "is no value to compare with", `expected ${EXPECTED[type]}`);
}

/** In quotes what a name can have but for what means something to nft; without, what nft takes for a word. */
const NAME = /^(?:"([^"\s/\\*]*\*?)"|([\w.-]+\*?))$/;

function nameOf(word: string): Interval | undefined {
  const [, quoted, plain = ""] = NAME.exec(word) ?? [];
  const name = quoted ?? plain;
  const bytes = encodeUtf8(name.replace("*", ""));
  const { size } = KEY_TYPES.ifname;
  if (bytes.length === 0 || bytes.length >= size) return undefined;
  const ip = new Uint8Array(size);
  ip.set(bytes);
  return beginningWith({ ip, length: 8 * (name.endsWith("*") ? bytes.length : size) });
}

function protocolNamed(word: string): Interval | undefined {
  const number = Object.keys(PROTOCOLS).find((key) => PROTOCOLS[Number(key)] === word);
  const value = Uint8Array.of(Number(number));
  return number === undefined ? undefined : { from: value, to: value };
}

function rangeOf(type: KeyType, word: string): Interval | undefined {
  const one = type === "inet_service" ? portOf : (text: string) => addressOf(type, text);
  const prefix = type === "inet_service" ? undefined : parsePrefix(word);
  if (prefix) return prefix.ip.length === KEY_TYPES[type].size ? beginningWith(prefix) : undefined;
  const [first = "", last = first, ...more] = word.split("-");
  const [from, to] = [one(first), one(last)];
  return from && to && more.length === 0 && compareIp(from, to) <= 0 ? { from, to } : undefined;
}

function addressOf(type: KeyType, text: string): Ip | undefined {
  const ip = parseIp(text);
  return ip?.length === KEY_TYPES[type].size ? ip : undefined;
}

const PORT_MAX = 65_535;

function portOf(text: string): Uint8Array | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= PORT_MAX ? portBytes(Number(text)) : undefined;
}
