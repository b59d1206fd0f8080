import type { Ip } from "../base/ip.ts";
import type { Mac } from "../base/mac.ts";
import { decodeUtf8, encodeUtf8 } from "../base/utf8.ts";
import { DecodeError, Reader, swapped, Writer } from "./cursor.ts";

/** Both directions of one wire format. A decoder is given a reader of exactly the value's bytes. */
export interface Coder<T> {
  encode(w: Writer, value: T): void;
  decode(r: Reader): T;
  /** Writes the value as an attribute, header and padding included, where that is quicker than one after the other. */
  attribute?(w: Writer, type: number, value: T): void;
}

/** What a coder codes. */
export type Value<C> = C extends Coder<infer V> ? V : never;

/** What a coder makes of a value, for good: for what is the same in each message. */
export function encoded<T>(coder: Coder<T>, value: T): Uint8Array {
  const w = new Writer();
  coder.encode(w, value);
  return w.finish().slice();
}

export const u8: Coder<number> = { encode: (w, v) => w.u8(v), decode: (r) => r.u8() };
export const u16: Coder<number> = { encode: (w, v) => w.u16(v), decode: (r) => r.u16() };
const word = (w: Writer, type: number, v: number) => w.attr32(type, v);
export const u32: Coder<number> = { encode: (w, v) => w.u32(v), decode: (r) => r.u32(), attribute: word };
export const i32: Coder<number> = { encode: (w, v) => w.u32(v), decode: (r) => r.i32(), attribute: word };
export const u16be: Coder<number> = { encode: (w, v) => w.u16be(v), decode: (r) => r.u16be() };
const wordBe = (w: Writer, type: number, v: number) => w.attr32(type, swapped(v));
export const u32be: Coder<number> = { encode: (w, v) => w.u32be(v), decode: (r) => r.u32be(), attribute: wordBe };
export const i32be: Coder<number> = { encode: (w, v) => w.u32be(v), decode: (r) => r.u32be() | 0, attribute: wordBe };

/** 64 bits in network order; exact up to 2^53, which handles and counters of one machine stay below. */
export const u64be: Coder<number> = {
  encode(w, v) {
    w.u32be(Math.floor(v / 0x100000000));
    w.u32be(v % 0x100000000);
  },
  decode(r) {
    const value = r.u32be() * 0x100000000 + r.u32be();
    if (!Number.isSafeInteger(value)) throw new DecodeError(`64-bit number ${value} is out of range`);
    return value;
  },
};

/** Text with its terminating NUL (NLA_NUL_STRING); a missing one is accepted. */
export const cstr: Coder<string> = {
  encode(w, v) {
    w.bytes(encodeUtf8(v));
    w.u8(0);
  },
  attribute: (w, type, v) => w.attrBytes(type, encodeUtf8(v), 1),
  decode(r) {
    const bytes = r.take(r.left);
    const nul = bytes.indexOf(0);
    return decodeUtf8(nul < 0 ? bytes : bytes.subarray(0, nul));
  },
};

/** The bytes themselves; a decoded value is a view of the datagram. */
export const bytes: Coder<Uint8Array> = {
  encode: (w, v) => w.bytes(v),
  decode: (r) => r.take(r.left),
  attribute: (w, type, v) => w.attrBytes(type, v, 0),
};

/** The bytes themselves, for whoever decodes them; a decoded value is a reader of them where they are. */
export const rest: Coder<Reader> = {
  encode: (w, { buf, at, end }) => w.bytes(buf.subarray(at, end)),
  decode: ({ buf, at, end }) => new Reader(buf, at, end),
};

/** An attribute that says what it says by being there (NLA_FLAG). */
export const flag: Coder<true> = { encode: () => {}, decode: () => true };

/** An IPv4 or IPv6 address in network order, told apart by its length. */
export const ip: Coder<Ip> = {
  ...bytes,
  decode(r) {
    const value = r.take(r.left);
    if (value.length !== 4 && value.length !== 16) throw new DecodeError(`an address of ${value.length} bytes`);
    return value;
  },
};

/** A link-layer address. */
export const mac: Coder<Mac> = bytes;
