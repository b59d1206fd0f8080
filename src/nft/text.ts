import { formatIp } from "../base/ip.ts";
import { formatMac } from "../base/mac.ts";
import { decodeUtf8 } from "../base/utf8.ts";
import { u32At } from "../wire/cursor.ts";
import type { Command } from "./commands.ts";
import { fitComment } from "./comments.ts";
import { partsOf } from "./concat.ts";
import type {
  Base,
  Chain,
  Element,
  Elements,
  KeyType,
  Kind,
  Literal,
  LiteralKeys,
  NftObject,
  NftSet,
  PackedElements,
  Rule,
  RuleHandle,
  SetType,
} from "./objects.ts";

/** One command as nft takes it, without the newline. */
export function commandText({ verb, scope, object }: Command): string {
  const noun = nounOf(object);
  const defines = verb === "add" || verb === "create" || verb === "insert";
  const rest = (defines ? definition : reference)(object);
  return `${verb} ${noun} ${scope.family} ${scope.table}${rest && ` ${rest}`}`;
}

/** Whether nft has a command for it: literals are in the lines of their rules. */
export function isOfItsOwn({ object }: Command): boolean {
  return object.kind !== "literal" && object.kind !== "keys";
}

const NOUNS: Partial<Record<Kind, string>> = {
  handle: "rule",
  elements: "element",
  packed: "element",
  literal: "set",
  keys: "element",
};

function nounOf(object: NftObject): string {
  if (object.kind === "set" && (object.data || object.verdicts)) return "map";
  return NOUNS[object.kind] ?? object.kind;
}

type Printers = { [K in Kind]: (object: Extract<NftObject, { kind: K }>) => string };

const DEFINITIONS: Printers = {
  table: ({ comment, isOwned }) => block(isOwned && "flags owner", quoted(comment)),
  chain: ({ name, base, comment }: Chain) => `${name} ${block(base && baseText(base), quoted(comment))}`.trimEnd(),
  set: ({ name, type, data, verdicts, dynamic, comment }: NftSet) => {
    const to = verdicts ? " : verdict" : data ? ` : ${typeText(data)}` : "";
    const grows = dynamic === undefined ? [] : [`size ${dynamic}`, "flags dynamic,timeout"];
    return `${name} ${block(`type ${typeText(type)}${to}`, ...grows, quoted(comment))}`;
  },
  element: ({ set, ...element }: Element) => `${set.name} { ${elementText(set, element)} }`,
  elements: ({ set, elements }: Elements) =>
    `${set.name} { ${elements.map((element) => elementText(set, element)).join(", ")} }`,
  packed: ({ packed, from, to }: PackedElements) => packedText(packed, from, to, (one) => elementText(packed.set, one)),
  rule: ({ chain, statements, comment }: Rule) =>
    `${chain} ${statements.map(({ text }) => text).join(" ")}${spaced(quoted(comment))}`,
  handle: ({ chain, handle }: RuleHandle) => `${chain} handle ${handle}`,
  literal: ({ type }: Literal) => `literal ${block(`type ${type}`)}`,
  keys: ({ literal, keys }: LiteralKeys) =>
    `literal { ${keys.map(({ key }) => keyText(literal.type, key)).join(", ")} }`,
};

const REFERENCES: Printers = {
  table: () => "",
  chain: ({ name }) => name,
  set: ({ name }) => name,
  element: ({ set, key }) => `${set.name} { ${keyText(set.type, key)} }`,
  elements: ({ set, elements }) => `${set.name} { ${elements.map(({ key }) => keyText(set.type, key)).join(", ")} }`,
  packed: ({ packed, from, to }) => packedText(packed, from, to, ({ key }) => keyText(packed.set.type, key)),
  rule: ({ chain }) => chain,
  handle: DEFINITIONS.handle,
  literal: () => "",
  keys: () => "",
};

function packedText(
  packed: PackedElements["packed"],
  from: number,
  to: number,
  text: (element: Pick<Element, "key" | "data">) => string,
): string {
  const texts = Array.from({ length: to - from }, (_, i) => text(packed.element((from + i) * packed.size)));
  return `${packed.set.name} { ${texts.join(", ")} }`;
}

function definition(object: NftObject): string {
  return (DEFINITIONS[object.kind] as (object: NftObject) => string)(object);
}

function reference(object: NftObject): string {
  return (REFERENCES[object.kind] as (object: NftObject) => string)(object);
}

function baseText({ type, hook, priority, policy = "accept", device }: Base): string {
  const where = device === undefined ? hook : `${hook} device "${device}"`;
  return `type ${type} hook ${where} priority ${priority} ; policy ${policy}`;
}

function typeText(type: SetType): string {
  return typeof type === "string" ? type : type.join(" . ");
}

function elementText({ type, data }: Element["set"], element: Omit<Element, "kind" | "set">): string {
  const value = data && element.data ? ` : ${keyText(data, element.data)}` : "";
  const verdict = element.goto === undefined ? "" : ` : goto ${element.goto}`;
  return `${keyText(type, element.key)}${spaced(quoted(element.comment))}${value}${verdict}`;
}

/** An element's key as nft prints it. */
export function keyText(type: SetType, key: Uint8Array): string {
  if (typeof type === "string") return partText(type, key);
  return partsOf(type, key)
    .map((part, i) => partText(type[i] ?? "mark", part))
    .join(" . ");
}

function partText(type: KeyType, bytes: Uint8Array): string {
  if (type === "ether_addr") return formatMac(bytes);
  if (type === "ifname") return `"${decodeUtf8(bytes).replace(/\0+$/, "")}"`;
  if (type === "mark") return `0x${u32At(bytes, 0).toString(16).padStart(8, "0")}`;
  if (type === "inet_proto") return PROTOCOLS[bytes[0] ?? 0] ?? `${bytes[0]}`;
  if (type === "inet_service") return `${((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)}`;
  return formatIp(bytes);
}

/** As nft prints them. */
export const PROTOCOLS: Record<number, string> = { 6: "tcp", 17: "udp", 132: "sctp" };

function block(...clauses: (string | undefined)[]): string {
  const given = clauses.filter((clause) => clause !== undefined);
  return given.length ? `{ ${given.join(" ; ")} ; }` : "";
}

function quoted(comment: string | undefined): string | undefined {
  return comment === undefined ? undefined : `comment "${fitComment(comment)}"`;
}

function spaced(text: string | undefined): string {
  return text === undefined ? "" : ` ${text}`;
}
