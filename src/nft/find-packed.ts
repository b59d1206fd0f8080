import { ENOENT } from "../base/errno.ts";
import type { Client } from "../netlink/client.ts";
import type { Question } from "../netlink/request.ts";
import { DecodeError, type Reader, u16At } from "../wire/cursor.ts";
import type { SetsRef } from "./find-set.ts";
import type { SetName } from "./objects.ts";
import { Packed } from "./packed.ts";
import { elementsAttrs, header, NFT_GETSETELEM, writeHeader } from "./tables.ts";

/**
 * Like `nft list set FAMILY TABLE SET`, of a set of many elements: in no order. Empty also when there is no such set or table.
 * While the kernel resizes the set's hash table, after much has been added, elements may be missing or be there twice, and nothing
 * says so: who relies on it reads it again.
 */
export function listPacked(client: Client, family: SetsRef["family"], table: string, set: SetName): Packed {
  const into = new Packed(set);
  client.dump(SHOW_ELEMENTS, { family, table, set, into });
  return into;
}

interface PackedRef extends SetsRef {
  readonly set: SetName;
  readonly into: Packed;
}

const SHOW_ELEMENTS: Question<PackedRef, void> = {
  type: NFT_GETSETELEM,
  flags: 0,
  absent: ENOENT,
  text: ({ family, table, set }) => `nft list set ${family} ${table} ${set.name}`,
  write(w, { family, table, set, into }) {
    // A list that was interrupted is asked for anew.
    into.count = 0;
    writeHeader(w, family);
    elementsAttrs.encode(w, { table, set: set.name });
  },
  read({ body }, { into }) {
    header.decode(body);
    const { buf, end } = body;
    for (let at = body.at; at + 4 <= end; at = next(buf, at, end)) {
      if (typeAt(buf, at) === LIST) readList(buf, at + 4, at + u16At(buf, at), into);
    }
  },
};

/** NFTA_SET_ELEM_LIST_ELEMENTS, NFTA_SET_ELEM_KEY and _DATA. */
const LIST = 3;
const KEY = 1;
const DATA = 2;
/** Before the bytes of a key or of data: its own header and that of NFTA_DATA_VALUE. */
const HEADERS = 8;

function typeAt(buf: Uint8Array, at: number): number {
  return u16At(buf, at + 2) & 0x3fff;
}

/** Where the attribute after that at `at` begins. */
function next(buf: Uint8Array, at: number, end: number): number {
  const length = u16At(buf, at);
  if (length < 4 || at + length > end) throw new DecodeError(`an attribute has ${length} bytes, ${end - at} left`);
  return at + ((length + 3) & ~3);
}

function readList(buf: Reader["buf"], from: number, end: number, into: Packed): void {
  for (let at = from; at + 4 <= end; at = next(buf, at, end)) readElement(buf, at + 4, at + u16At(buf, at), into);
}

function readElement(buf: Uint8Array, from: number, end: number, into: Packed): void {
  const to = into.push();
  const { bytes, keySize, dataSize } = into;
  for (let at = from; at + 4 <= end; at = next(buf, at, end)) {
    const type = typeAt(buf, at);
    if (type === KEY) copy(buf, at, bytes, to, keySize);
    else if (type === DATA && dataSize > 0) copy(buf, at, bytes, to + keySize, dataSize);
  }
}

function copy(buf: Uint8Array, at: number, bytes: Uint8Array, to: number, size: number): void {
  const length = u16At(buf, at) - HEADERS;
  if (length !== size) throw new DecodeError(`an element has ${length} bytes where its set has ${size}`);
  for (let i = 0; i < size; i++) bytes[to + i] = buf[at + HEADERS + i] as number;
}
