import type { Client } from "../netlink/client.ts";
import type { Message } from "../wire/message.ts";
import { about, found } from "./ask.ts";
import { commentOf, setCommentOf } from "./comments.ts";
import { type Element, type Family, KEY_TYPES, type KeyType, type NftSet } from "./objects.ts";
import { elementsAttrs, header, NFT_GETSET, NFT_GETSETELEM, setAttrs } from "./tables.ts";
import { keyText } from "./text.ts";

/** Questions about sets and their elements, by name. */

/** Like `nft list sets table FAMILY TABLE`, without elements and sets of other key types. Empty without the table. */
export function listSets(client: Client, family: Family, table: string): NftSet[] {
  const body = about(family, (w) => setAttrs.encode(w, { table }));
  const sets = found(() => client.dump(`nft list sets table ${family} ${table}`, NFT_GETSET, body, decodeSet));
  return (sets ?? []).filter((set) => set !== undefined);
}

/** Whether there is such a set. */
export function hasSet(client: Client, family: Family, table: string, name: string): boolean {
  const body = about(family, (w) => setAttrs.encode(w, { table, name }));
  return found(() => client.get(`nft list set ${family} ${table} ${name}`, NFT_GETSET, body, () => true)) ?? false;
}

function decodeSet({ body }: Message): NftSet | undefined {
  header.decode(body);
  const { name = "", keyType, userdata } = setAttrs.decode(body);
  const type = (Object.keys(KEY_TYPES) as KeyType[]).find((type) => KEY_TYPES[type].number === keyType);
  const comment = setCommentOf(userdata);
  return type && { kind: "set", name, type, ...(comment !== undefined && { comment }) };
}

type SetName = Pick<NftSet, "name" | "type">;

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
    const parts = readElements(client, family, table, set);
    const read = new Map(parts.flat().map((element) => [element.key.join(), element]));
    for (const [key, element] of read) known.set(key, element);
    if (parts.length < 2 || (read.size === before && known.size === before)) break;
  }
  return [...known.values()];
}

/** One list, as it comes: a part in each datagram. */
function readElements(client: Client, family: Family, table: string, set: SetName): Element[][] {
  const body = about(family, (w) => elementsAttrs.encode(w, { table, set: set.name }));
  const operation = `nft list set ${family} ${table} ${set.name}`;
  return found(() => client.dump(operation, NFT_GETSETELEM, body, (message) => decodeElements(message, set))) ?? [];
}

/** Like `nft get element FAMILY TABLE SET { KEY }`. Undefined when there is no such element, set or table. */
export function getElement(
  client: Client,
  family: Family,
  table: string,
  set: SetName,
  key: Uint8Array,
): Element | undefined {
  const elements = [{ key: { value: key } }];
  const body = about(family, (w) => elementsAttrs.encode(w, { table, set: set.name, elements }));
  const operation = `nft get element ${family} ${table} ${set.name} { ${keyText(set.type, key)} }`;
  return found(() => client.get(operation, NFT_GETSETELEM, body, (message) => decodeElements(message, set)[0]));
}

function decodeElements({ body }: Message, set: SetName): Element[] {
  header.decode(body);
  return (elementsAttrs.decode(body).elements ?? []).map(({ key, userdata }) => {
    const comment = commentOf(userdata);
    const value = (key?.value ?? new Uint8Array(0)).slice();
    return { kind: "element", set, key: value, ...(comment !== undefined && { comment }) };
  });
}
