import { LONGEST, u32At, type Writer } from "../wire/cursor.ts";
import type { Scope } from "./bodies.ts";
import { concatLength } from "./concat.ts";
import type { Element, KeyType, PackedElements, PackedList, SetName } from "./objects.ts";
import { elementsAttrs } from "./tables.ts";

/** Many elements of one set as bytes: key after key, each with its data. An object for each would be ten times as large. */
export class Packed implements PackedList {
  readonly set: SetName;
  /** Multiples of 4, as that of data. */
  readonly keySize: number;
  readonly dataSize: number;
  readonly size: number;
  count = 0;
  #bytes = new Uint8Array(0);

  constructor(set: SetName) {
    this.set = set;
    this.keySize = lengthOf(set.type);
    this.dataSize = lengthOf(set.data ?? []);
    this.size = this.keySize + this.dataSize;
  }

  /** As they are; what is beyond `count` elements is room. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Where one more begins: zeros. What `bytes` gave before may be no longer it. */
  push(): number {
    const at = this.count++ * this.size;
    if (at + this.size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.#bytes.length, 4 * this.size));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    return at;
  }

  /** Adds the element at `at` of another of the same set. */
  copy(from: Packed, at: number): void {
    const to = this.push();
    this.#bytes.set(from.bytes.subarray(at, at + this.size), to);
  }

  /** The element at `at`, for those who want it as an object. */
  element(at: number): Pick<Element, "key" | "data"> {
    const end = at + this.keySize;
    const key = this.#bytes.subarray(at, end);
    return this.dataSize === 0 ? { key } : { key, data: this.#bytes.subarray(end, at + this.size) };
  }
}

function lengthOf(type: KeyType | readonly KeyType[]): number {
  return concatLength(typeof type === "string" ? [type] : type);
}

/** nlattr headers of an element: its own, that of the key or data, and of the value in it. */
const HEADER = 4;
/** NLA_F_NESTED and the types of tables.ts: an element of the list, its key, its data, a value. */
const NESTED = 0x8000;
const LIST = 3 | NESTED;
const ELEMENT = 1 | NESTED;
const KEY = 1 | NESTED;
const DATA = 2 | NESTED;
const VALUE = 1;

/** The size of an element in a message, with or without its data. */
function sizeOf({ keySize, dataSize }: PackedList, withData: boolean): number {
  const data = withData && dataSize > 0 ? 2 * HEADER + dataSize : 0;
  return HEADER + 2 * HEADER + keySize + data;
}

/** All elements, in as few commands as their attribute's length allows. */
export function* packedCommands(packed: Packed): Iterable<PackedElements> {
  const most = Math.floor((LONGEST - HEADER) / sizeOf(packed, true));
  for (let from = 0; from < packed.count; from += most) {
    yield { kind: "packed", packed, from, to: Math.min(packed.count, from + most) };
  }
}

export function packed(w: Writer, { table }: Scope, object: PackedElements): void {
  elementsAttrs.encode(w, { table, set: object.packed.set.name });
  writeList(w, object, true);
}

export function packedKeys(w: Writer, { table }: Scope, object: PackedElements): void {
  elementsAttrs.encode(w, { table, set: object.packed.set.name });
  writeList(w, object, false);
}

/** Word by word: there may be hundreds of thousands. */
function writeList(w: Writer, { packed, from, to }: PackedElements, withData: boolean): void {
  const size = sizeOf(packed, withData);
  const { bytes, keySize, dataSize } = packed;
  w.u32((HEADER + (to - from) * size) | (LIST << 16));
  for (let i = from; i < to; i++) {
    const at = i * packed.size;
    w.u32(size | (ELEMENT << 16));
    writeValue(w, KEY, bytes, at, keySize);
    if (withData && dataSize > 0) writeValue(w, DATA, bytes, at + keySize, dataSize);
  }
}

function writeValue(w: Writer, type: number, bytes: Uint8Array, at: number, size: number): void {
  w.u32((2 * HEADER + size) | (type << 16));
  w.u32((HEADER + size) | (VALUE << 16));
  for (let end = at + size; at < end; at += 4) w.u32(u32At(bytes, at));
}
