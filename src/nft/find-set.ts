import { ENOENT } from "../base/errno.ts";
import type { Client } from "../netlink/client.ts";
import type { Form, Question } from "../netlink/request.ts";
import type { Writer } from "../wire/cursor.ts";
import type { Message } from "../wire/message.ts";
import { commentOf, setCommentOf } from "./comments.ts";
import { typesOfNumber } from "./concat.ts";
import type { Element, Family, NftSet, SetName } from "./objects.ts";
import { elementsAttrs, header, NFT_GETSET, NFT_GETSETELEM, setAttrs, writeHeader } from "./tables.ts";
import { keyText } from "./text.ts";

/** Questions about sets and their elements, by name. */

export interface SetsRef {
  readonly family: Family;
  readonly table: string;
}

/** How the sets of a table are asked for. */
export const SETS = {
  type: NFT_GETSET,
  flags: 0,
  absent: ENOENT,
  text: ({ family, table }: SetsRef) => `nft list sets table ${family} ${table}`,
  write(w: Writer, { family, table }: SetsRef) {
    writeHeader(w, family);
    setAttrs.encode(w, { table });
  },
} satisfies Form<SetsRef> & { absent: number };

const SHOW_SETS: Question<SetsRef, NftSet | undefined> = { ...SETS, read: decodeSet };

/** Like `nft list sets table FAMILY TABLE` and `list maps`, without elements and sets of other types. Empty without the table. */
export function listSets(client: Client, family: Family, table: string): NftSet[] {
  return client.dump(SHOW_SETS, { family, table }).filter((set) => set !== undefined);
}

export interface SetRef extends SetsRef {
  readonly name: string;
}

/** How one set is asked for. */
export const SET = {
  type: NFT_GETSET,
  flags: 0,
  absent: ENOENT,
  text: ({ family, table, name }: SetRef) => `nft list set ${family} ${table} ${name}`,
  write(w: Writer, { family, table, name }: SetRef) {
    writeHeader(w, family);
    setAttrs.encode(w, { table, name });
  },
} satisfies Form<SetRef> & { absent: number };

const SHOW_SET: Question<SetRef, true> = { ...SET, read: () => true };

/** Whether there is such a set. */
export function hasSet(client: Client, family: Family, table: string, name: string): boolean {
  return client.get(SHOW_SET, { family, table, name }) ?? false;
}

/** Which of several sets there are, asked in one datagram. */
export function hasSets(client: Client, family: Family, table: string, names: readonly string[]): boolean[] {
  return client
    .getAll(
      SHOW_SET,
      names.map((name) => ({ family, table, name })),
    )
    .map((there) => there ?? false);
}

function decodeSet({ body }: Message): NftSet | undefined {
  header.decode(body);
  const { name = "", keyType = 0, dataType, userdata } = setAttrs.decode(body);
  const types = typesOfNumber(keyType);
  const data = dataType === undefined ? undefined : typesOfNumber(dataType);
  const comment = setCommentOf(userdata);
  const [first] = types ?? [];
  if (!types || first === undefined || (dataType !== undefined && !data)) return undefined;
  const type = types.length === 1 ? first : types;
  return { kind: "set", name, type, ...(data && { data }), ...(comment !== undefined && { comment }) };
}

/** How often a large set is read at most. */
const READS = 10;

/**
 * Like `nft list set FAMILY TABLE SET`: its elements, in no order. Empty also when there is no such set or table.
 * While the kernel resizes a set's hash table, a list that takes several datagrams misses elements or repeats them, and
 * nothing says so: such a list is read until it says the same again.
 */
export function listElements(client: Client, family: Family, table: string, set: SetName): Element[] {
  const known = new Map<string, Element>();
  for (let left = READS; left > 0; left--) {
    const before = known.size;
    // As it comes: a part in each datagram.
    const parts = client.dump(SHOW_ELEMENTS, { family, table, set });
    const read = new Map<string, Element>();
    for (const part of parts) for (const element of part) read.set(String.fromCharCode(...element.key), element);
    for (const [key, element] of read) known.set(key, element);
    if (parts.length < 2 || (read.size === before && known.size === before)) break;
  }
  return [...known.values()];
}

/** Several elements by their keys, asked in few datagrams: undefined for each that is not there. */
export function getElements(
  client: Client,
  family: Family,
  table: string,
  set: SetName,
  keys: readonly Uint8Array[],
): (Element | undefined)[] {
  const refs = keys.map((key) => ({ family, table, set, key }));
  return client.getAll(SHOW_ELEMENT, refs).map((found) => found?.[0]);
}

interface ElementsRef extends SetsRef {
  readonly set: SetName;
}

const SHOW_ELEMENTS: Question<ElementsRef, Element[]> = {
  type: NFT_GETSETELEM,
  flags: 0,
  absent: ENOENT,
  text: ({ family, table, set }) => `nft list set ${family} ${table} ${set.name}`,
  write(w, { family, table, set }) {
    writeHeader(w, family);
    elementsAttrs.encode(w, { table, set: set.name });
  },
  read: decodeElements,
};

interface ElementRef extends ElementsRef {
  readonly key: Uint8Array;
}

const SHOW_ELEMENT: Question<ElementRef, Element[]> = {
  type: NFT_GETSETELEM,
  flags: 0,
  absent: ENOENT,
  text: ({ family, table, set, key }) => `nft get element ${family} ${table} ${set.name} { ${keyText(set.type, key)} }`,
  write(w, { family, table, set, key }) {
    writeHeader(w, family);
    elementsAttrs.encode(w, { table, set: set.name, elements: [{ key: { value: key } }] });
  },
  read: decodeElements,
};

/** Like `nft get element FAMILY TABLE SET { KEY }`. Undefined when there is no such element, set or table. */
export function getElement(
  client: Client,
  family: Family,
  table: string,
  set: SetName,
  key: Uint8Array,
): Element | undefined {
  return client.get(SHOW_ELEMENT, { family, table, set, key })?.[0];
}

function decodeElements({ body }: Message, { set }: ElementsRef): Element[] {
  header.decode(body);
  return (elementsAttrs.decode(body).elements ?? []).map(({ key, data, userdata }) => {
    const comment = commentOf(userdata);
    const value = (key?.value ?? new Uint8Array(0)).slice();
    const to = data?.value?.slice();
    return { kind: "element", set, key: value, ...(to && { data: to }), ...(comment !== undefined && { comment }) };
  });
}
