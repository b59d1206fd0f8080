import type { Writer } from "../wire/cursor.ts";
import { commentData, setData } from "./comments.ts";
import { concatLength, concatNumber } from "./concat.ts";
import { NF_ACCEPT, NF_DROP, NFT_GOTO } from "./expr.ts";
import {
  type Base,
  type Chain,
  type Element,
  type Elements,
  type Family,
  hookNumber,
  KEY_TYPES,
  type KeyType,
  LITERAL,
  type Literal,
  type LiteralKeys,
  type NftSet,
  type Rule,
  type RuleHandle,
  type Table,
} from "./objects.ts";
import { chainAttrs, elementsAttrs, ruleAttrs, setAttrs, tableAttrs } from "./tables.ts";

/** The attributes of each object: all of them to make it, and those that name it. In nft's order. */

/** enum nft_set_flags. */
const NFT_SET_ANONYMOUS = 1;
const NFT_SET_CONSTANT = 2;
const NFT_SET_INTERVAL = 4;
const NFT_SET_MAP = 8;
const NFT_SET_TIMEOUT = 16;
const NFT_SET_EVAL = 32;

/** What a map of verdicts has for the type of its data (NFT_DATA_VERDICT). */
const DATA_VERDICT = 0xffffff00;

/** NFT_TABLE_F_OWNER. */
const OWNED = 2;

/** NFT_SET_ELEM_INTERVAL_END. */
const INTERVAL_END = 1;

/** The table that an object is in. */
export interface Scope {
  readonly family: Family;
  readonly table: string;
}

export function table(w: Writer, scope: Scope, { comment, isOwned }: Table): void {
  tableAttrs.encode(w, { name: scope.table, flags: isOwned ? OWNED : 0, userdata: userdata(comment) });
}

export function tableName(w: Writer, scope: Scope): void {
  tableAttrs.encode(w, { name: scope.table });
}

export function chain(w: Writer, { family, table }: Scope, { name, base, comment }: Chain): void {
  chainAttrs.encode(w, { table, name, ...(base && baseAttrs(family, base)), userdata: userdata(comment) });
}

function baseAttrs(family: Family, { type, hook, priority, policy, device }: Base) {
  return {
    type,
    policy: policy && (policy === "accept" ? NF_ACCEPT : NF_DROP),
    hook: { number: hookNumber(family, hook), priority, device },
  };
}

export function chainName(w: Writer, { table }: Scope, { name }: Chain): void {
  chainAttrs.encode(w, { table, name });
}

export function set(w: Writer, { table }: Scope, object: NftSet, id: number): void {
  const { name, type, data, verdicts, dynamic, comment } = object;
  if (typeof type === "string" && !data && !verdicts) {
    const { number, size, order } = KEY_TYPES[type];
    const userdata = setData(order, comment);
    setAttrs.encode(w, { table, name, flags: 0, keyType: number, keyLength: size, id, userdata });
    return;
  }
  const keys = typeof type === "string" ? [type] : type;
  setAttrs.encode(w, {
    table,
    name,
    flags: (data || verdicts ? NFT_SET_MAP : 0) | (dynamic === undefined ? 0 : NFT_SET_EVAL | NFT_SET_TIMEOUT),
    keyType: concatNumber(keys),
    keyLength: concatLength(keys),
    ...(verdicts && { dataType: DATA_VERDICT }),
    ...(data && { dataType: concatNumber(data), dataLength: concatLength(data) }),
    ...(dynamic !== undefined && { description: { size: dynamic } }),
    id,
    userdata: setData(orderOf(keys), comment, verdicts ? 0 : data && orderOf(data)),
  });
}

/** 0 for a concatenation. */
function orderOf([type, ...more]: readonly KeyType[]): number {
  return type && more.length === 0 ? KEY_TYPES[type].order : 0;
}

export function literal(w: Writer, { table }: Scope, { id, type, hasIntervals }: Literal): void {
  const { number, size, order } = KEY_TYPES[type];
  const flags = NFT_SET_ANONYMOUS | NFT_SET_CONSTANT | (hasIntervals ? NFT_SET_INTERVAL : 0);
  const userdata = setData(order, undefined);
  setAttrs.encode(w, { table, name: LITERAL, flags, keyType: number, keyLength: size, id, userdata });
}

export function keys(w: Writer, { table }: Scope, { literal, keys }: LiteralKeys): void {
  const elements = keys.map(({ key, isEnd }) => ({ flags: isEnd && INTERVAL_END, key: { value: key } }));
  elementsAttrs.encode(w, { table, set: LITERAL, setId: literal.id, elements });
}

export function setName(w: Writer, { table }: Scope, { name }: NftSet): void {
  setAttrs.encode(w, { table, name });
}

export function element(w: Writer, { table }: Scope, { set, key, comment }: Element): void {
  elementsAttrs.encode(w, { table, set: set.name, elements: [{ key: { value: key }, userdata: userdata(comment) }] });
}

export function elements(w: Writer, { table }: Scope, { set, elements }: Elements): void {
  // Most often all have the same.
  let last: string | undefined;
  let written: Uint8Array | undefined;
  const list = elements.map(({ key, data, goto, comment }) => {
    if (comment !== last) written = userdata(comment);
    last = comment;
    const value = goto === undefined ? data && { value: data } : { verdict: { code: NFT_GOTO, chain: goto } };
    return { key: { value: key }, data: value, userdata: written };
  });
  elementsAttrs.encode(w, { table, set: set.name, elements: list });
}

export function elementKeys(w: Writer, { table }: Scope, { set, elements }: Elements): void {
  elementsAttrs.encode(w, { table, set: set.name, elements: elements.map(({ key }) => ({ key: { value: key } })) });
}

export function elementKey(w: Writer, { table }: Scope, { set, key }: Element): void {
  elementsAttrs.encode(w, { table, set: set.name, elements: [{ key: { value: key } }] });
}

export function elementsOfSet(w: Writer, { table }: Scope, { name }: Pick<NftSet, "name">): void {
  elementsAttrs.encode(w, { table, set: name });
}

export function rule(w: Writer, { table }: Scope, { chain, statements, comment }: Rule): void {
  const exprs = statements.flatMap((statement) => statement.exprs);
  ruleAttrs.encode(w, { table, chain, exprs, userdata: userdata(comment) });
}

export function ruleHandle(w: Writer, { table }: Scope, { chain, handle }: RuleHandle): void {
  ruleAttrs.encode(w, { table, chain, handle });
}

export function rulesOfTable(w: Writer, { table }: Scope): void {
  ruleAttrs.encode(w, { table });
}

export function rulesOfChain(w: Writer, { table }: Scope, { name }: Pick<Chain, "name">): void {
  ruleAttrs.encode(w, { table, chain: name });
}

function userdata(comment: string | undefined): Uint8Array | undefined {
  return comment === undefined ? undefined : commentData(comment);
}
