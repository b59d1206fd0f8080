import { walkRecords } from "../base/records.ts";
import type { Coder, Value } from "./coder.ts";
import { DecodeError, LONGEST, Reader, tooLong, u16At, u32At, type Writer } from "./cursor.ts";

// biome-ignore lint/suspicious/noExplicitAny: a table holds coders of every type
export type AttrTable = Record<string, readonly [type: number, coder: Coder<any>]>;

/** What a table decodes to: each attribute may be absent. */
export type Decoded<T extends AttrTable> = {
  [K in keyof T]?: Value<T[K][1]> | undefined;
};

const NLA_TYPE_MASK = 0x3fff;
const NLA_F_NESTED = 0x8000;

/** Types whose payload is attributes carry NLA_F_NESTED; a coder made here says so. */
export interface Nest {
  readonly nested?: true;
}

/** One attribute of a table at a time, where a value of several is not worth making. */
export interface Put<T extends AttrTable> {
  put<K extends keyof T>(w: Writer, name: K, value: Value<T[K][1]>): void;
}

/**
 * A set of attributes from one table `{ name: [type, coder] }`: encoder, decoder and (by `Decoded`) the type.
 * Attributes are written in the order of the value's own keys. A repeated attribute decodes to its last value.
 * Attributes that the table does not list are passed over: newer kernels send more than anyone reads.
 */
export function attrs<const T extends AttrTable>(table: T): Coder<Decoded<T>> & Required<Nest> & Put<T> {
  const names = namesByType(table);
  return {
    nested: true,
    put(w, name, value) {
      const entry = table[name] as AttrTable[string];
      writeAttr(w, entry[0], entry[1], value);
    },
    encode(w, value) {
      for (const name in value) {
        const item = value[name];
        const entry = table[name];
        if (entry && item !== undefined) writeAttr(w, entry[0], entry[1], item);
      }
    },
    decode(r) {
      const out: Record<string, unknown> = {};
      eachAttr(r, names, (name, body) => {
        out[name] = decodeNamed(name, (table[name] as AttrTable[string])[1], body);
      });
      return out as Decoded<T>;
    },
  };
}

/**
 * The same of what is in `r`, each attribute looked for and decoded only when it is asked for, and decoded again each time:
 * for messages of many attributes of which hardly any is wanted. The bytes must stay as they are, and `r` is given away. Of
 * a repeated attribute the first counts. They must begin at a multiple of 4 bytes, as they do in a datagram.
 */
export function lazyAttrs<const T extends AttrTable>(table: T): (r: Reader) => Decoded<T> {
  const names = Object.keys(table);
  // Slot 0 is that of types that the table has not.
  const slots = Uint8Array.from(namesByType(table), (name) => (name === undefined ? 0 : names.indexOf(name) + 1));
  class Lazy {
    /** Of the one that is being decoded. */
    readonly reader: Reader;
    readonly at: number;
    readonly end: number;
    /** As of walkRecords. */
    starts: readonly number[] | undefined;
    constructor(r: Reader) {
      this.reader = r;
      this.at = r.at;
      this.end = r.end;
    }
    /** Where the value of a slot starts; 0 when there is none. */
    find(slot: number): number {
      this.starts ??= walkRecords(this.reader.buf, this.at, this.end, NLA_TYPE_MASK, slots, names.length + 1);
      const start = this.starts[slot] as number;
      if (start === 0) assertWhole(this.reader.buf, this.starts[names.length + 1] as number, this.end);
      return start;
    }
  }
  names.forEach((name, i) => {
    const coder = (table[name] as AttrTable[string])[1];
    Object.defineProperty(Lazy.prototype, name, {
      get(this: Lazy) {
        const start = this.find(i + 1);
        if (start === 0) return undefined;
        const { reader } = this;
        reader.at = start;
        reader.end = start - 4 + u16At(reader.buf, start - 4);
        return decodeNamed(name, coder, reader);
      },
    });
  });
  return (r) => new Lazy(r) as unknown as Decoded<T>;
}

/** @throws DecodeError when a walk that came to `at` met an attribute whose length is wrong */
function assertWhole(buf: Uint8Array, at: number, end: number): void {
  if (end - at >= 4) throw malformed(u16At(buf, at + 2) & NLA_TYPE_MASK, u16At(buf, at), end - at);
}

function namesByType(table: AttrTable): (string | undefined)[] {
  const names: (string | undefined)[] = [];
  for (const name in table) {
    const [type] = table[name] as AttrTable[string];
    // Without holes, with which the engine would keep it as a hash table.
    while (names.length <= type) names.push(undefined);
    names[type] = name;
  }
  return names;
}

/** A list of values, each in an attribute of the same type (NFTA_LIST_ELEM and its like). */
export function list<V>(type: number, coder: Coder<V>): Coder<V[]> & Required<Nest> {
  return {
    nested: true,
    encode(w, values) {
      for (const value of values) writeAttr(w, type, coder, value);
    },
    decode(r) {
      const values: V[] = [];
      eachAttr(r, undefined, (_, body) => values.push(coder.decode(body)));
      return values;
    },
  };
}

/**
 * Writes one attribute: its header, the value, and the padding after it.
 * @throws Explained when it is longer than the 16 bits of its length can say
 */
export function writeAttr<V>(w: Writer, type: number, coder: Coder<V> & Nest, value: V): void {
  const flagged = coder.nested ? type | NLA_F_NESTED : type;
  if (coder.attribute) {
    coder.attribute(w, flagged, value);
    return;
  }
  const start = w.zero(4);
  coder.encode(w, value);
  const length = w.at - start;
  if (length > LONGEST) throw tooLong(type, length);
  w.patch32(start, length | (flagged << 16));
  w.align(start);
}

/**
 * Visits each attribute that has an entry in `wanted` (absent: all), with that and its value, always in the same reader. The
 * flags NLA_F_NESTED and NLA_F_NET_BYTEORDER are no part of a type.
 */
function eachAttr<E>(
  r: Reader,
  wanted: readonly (E | undefined)[] | undefined,
  visit: (entry: E, body: Reader) => void,
): void {
  const { buf, end } = r;
  const body = new Reader(buf, 0, 0);
  let at = r.at;
  while (end - at >= 4) {
    const head = u32At(buf, at);
    const length = head & 0xffff;
    const type = (head >>> 16) & NLA_TYPE_MASK;
    if (length < 4 || length > end - at) throw malformed(type, length, end - at);
    const entry = wanted?.[type];
    if (entry !== undefined || !wanted) {
      body.at = at + 4;
      body.end = at + length;
      visit(entry as E, body);
    }
    at += (length + 3) & ~3;
  }
  if (at < end) throw new DecodeError(`${end - at} bytes left after the last attribute`);
  r.at = end;
}

/** What an attribute of `type` in `r` holds, of the first one: to look for a single one. Undefined when there is none. */
export function findAttr({ buf, at, end }: Reader, type: number): Reader | undefined {
  while (end - at >= 4) {
    const head = u32At(buf, at);
    const length = head & 0xffff;
    const found = (head >>> 16) & NLA_TYPE_MASK;
    if (length < 4 || length > end - at) throw malformed(found, length, end - at);
    if (found === type) return new Reader(buf, at + 4, at + length);
    at += (length + 3) & ~3;
  }
  return undefined;
}

function malformed(type: number, length: number, left: number): DecodeError {
  const what = length < 4 ? `attribute ${type} has length ${length}` : `wanted ${length - 4} bytes, ${left - 4} left`;
  return new DecodeError(what);
}

function decodeNamed(name: string, coder: Coder<unknown>, body: Reader): unknown {
  try {
    return coder.decode(body);
  } catch (error) {
    if (error instanceof DecodeError) throw new DecodeError(`${name}: ${error.message}`);
    throw error;
  }
}
