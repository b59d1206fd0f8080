import { formatIp } from "../base/ip.ts";
import { formatMac } from "../base/mac.ts";
import { decodeUtf8 } from "../base/utf8.ts";
import type { Command } from "./commands.ts";
import { fitComment } from "./comments.ts";
import type { Base, Chain, Element, KeyType, Kind, NftObject, NftSet, Rule, RuleHandle } from "./objects.ts";

/** One command as nft takes it, without the newline. */
export function commandText({ verb, scope, object }: Command): string {
  const noun = object.kind === "handle" ? "rule" : object.kind;
  const defines = verb === "add" || verb === "create";
  const rest = (defines ? definition : reference)(object);
  return `${verb} ${noun} ${scope.family} ${scope.table}${rest && ` ${rest}`}`;
}

type Printers = { [K in Kind]: (object: Extract<NftObject, { kind: K }>) => string };

const DEFINITIONS: Printers = {
  table: ({ comment }) => block(quoted(comment)),
  chain: ({ name, base, comment }: Chain) => `${name} ${block(base && baseText(base), quoted(comment))}`.trimEnd(),
  set: ({ name, type, comment }: NftSet) => `${name} ${block(`type ${type}`, quoted(comment))}`,
  element: ({ set, key, comment }: Element) => `${set.name} { ${keyText(set.type, key)}${spaced(quoted(comment))} }`,
  rule: ({ chain, statements, comment }: Rule) =>
    `${chain} ${statements.map(({ text }) => text).join(" ")}${spaced(quoted(comment))}`,
  handle: ({ chain, handle }: RuleHandle) => `${chain} handle ${handle}`,
};

const REFERENCES: Printers = {
  table: () => "",
  chain: ({ name }) => name,
  set: ({ name }) => name,
  element: ({ set, key }) => `${set.name} { ${keyText(set.type, key)} }`,
  rule: ({ chain }) => chain,
  handle: DEFINITIONS.handle,
};

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

/** An element's key as nft prints it. */
export function keyText(type: KeyType, key: Uint8Array): string {
  if (type === "ether_addr") return formatMac(key);
  if (type === "ifname") return `"${decodeUtf8(key).replace(/\0+$/, "")}"`;
  return formatIp(key);
}

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
