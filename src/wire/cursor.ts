import { Explained } from "../base/explained.ts";

/** Bytes that do not say what they should: a truncated or malformed message. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
}

/** Two bytes, host order, which is little-endian. */
export function u16At(buf: Uint8Array, at: number): number {
  return (buf[at] as number) | ((buf[at + 1] as number) << 8);
}

/** Four bytes, host order. */
export function u32At(buf: Uint8Array, at: number): number {
  const low = (buf[at] as number) | ((buf[at + 1] as number) << 8);
  return (low | ((buf[at + 2] as number) << 16) | ((buf[at + 3] as number) << 24)) >>> 0;
}

export const NOTHING = new Uint8Array(0);

let lastBytes: Uint8Array = NOTHING;
let lastWords: Int32Array = new Int32Array(0);

/**
 * The same bytes, four at a time (host order): one load in place of four. Those at the end that are no word are left out.
 * Kept for the next to ask: those of a datagram are wanted again for what is in it.
 */
export function wordsOf(buf: Uint8Array): Int32Array {
  if (buf === lastBytes) return lastWords;
  const { buffer, byteOffset, length } = (buf.byteOffset & 3) === 0 ? buf : buf.slice();
  lastWords = new Int32Array(buffer, byteOffset, length >> 2);
  lastBytes = buf;
  return lastWords;
}

/** The other byte order's way to write the same four bytes. */
export function swapped(value: number): number {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >> 8) & 0xff00) | (value >>> 24);
}

/** Reads a stretch of bytes front to back; every read is bounds-checked in one place. Host order is little-endian. */
export class Reader {
  buf: Uint8Array;
  at: number;
  end: number;

  constructor(buf: Uint8Array, at = 0, end = buf.length) {
    this.buf = buf;
    this.at = at;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  /** Moves past `n` bytes and returns where they start. Throws DecodeError if fewer are left. */
  skip(n: number): number {
    if (n < 0 || n > this.end - this.at) throw new DecodeError(`wanted ${n} bytes, ${this.end - this.at} left`);
    const start = this.at;
    this.at += n;
    return start;
  }

  /** The next `n` bytes, as a view. */
  take(n: number): Uint8Array {
    const start = this.skip(n);
    return this.buf.subarray(start, start + n);
  }

  /** A reader of the next `n` bytes. */
  sub(n: number): Reader {
    const start = this.skip(n);
    return new Reader(this.buf, start, start + n);
  }

  u8(): number {
    return this.buf[this.skip(1)] as number;
  }

  u16(): number {
    return u16At(this.buf, this.skip(2));
  }

  u16be(): number {
    const at = this.skip(2);
    return ((this.buf[at] as number) << 8) | (this.buf[at + 1] as number);
  }

  i32(): number {
    return u32At(this.buf, this.skip(4)) | 0;
  }

  u32(): number {
    return u32At(this.buf, this.skip(4));
  }

  u32be(): number {
    return ((this.u16be() << 16) | this.u16be()) >>> 0;
  }
}

/** Of an attribute in bytes, with the header. */
export const LONGEST = 0xffff;

export function tooLong(type: number, length: number): Explained {
  return new Explained(
    `a netlink attribute (type ${type}) would have ${length} bytes, of which ${LONGEST} are possible`,
    "the network has too many addresses, or a value that is too long, for one request to the kernel",
  );
}

/** Appends bytes to a buffer that grows. Host order is little-endian. */
export class Writer {
  #buf: Uint8Array;
  /** The same bytes, four at a time: netlink aligns nearly everything, and one store is quicker than four. */
  #words: Int32Array;
  /** The buffer's length, which engines are slow to tell. */
  #room: number;
  at = 0;

  constructor(capacity = 1024) {
    this.#room = (capacity + 3) & ~3;
    this.#words = new Int32Array(this.#room >> 2);
    this.#buf = new Uint8Array(this.#words.buffer);
  }

  /** Makes room for `n` bytes (zeros) and returns where they start. */
  zero(n: number): number {
    const start = this.at;
    this.at += n;
    if (this.at > this.#room) {
      this.#room = Math.max((this.at + 3) & ~3, this.#room * 2);
      this.#words = new Int32Array(this.#room >> 2);
      const grown = new Uint8Array(this.#words.buffer);
      grown.set(this.#buf);
      this.#buf = grown;
    }
    return start;
  }

  u8(value: number): void {
    const at = this.zero(1);
    this.#buf[at] = value;
  }

  u16(value: number): void {
    this.patch16(this.zero(2), value);
  }

  u16be(value: number): void {
    const at = this.zero(2);
    this.#buf[at] = value >> 8;
    this.#buf[at + 1] = value;
  }

  u32(value: number): void {
    const at = this.zero(4);
    // Half of all words of headers are 0, as all is before it is written.
    if (value !== 0) this.patch32(at, value);
  }

  u32be(value: number): void {
    this.u32(swapped(value));
  }

  bytes(value: Uint8Array): void {
    const at = this.zero(value.length);
    this.#buf.set(value, at);
  }

  /** Four words, host order, at a multiple of 4 bytes: one call where headers have so many. Returns where they start. */
  words(a: number, b: number, c: number, d: number): number {
    const at = this.zero(16);
    const words = this.#words;
    const first = at >> 2;
    words[first] = a;
    words[first + 1] = b;
    words[first + 2] = c;
    words[first + 3] = d;
    return at;
  }

  /** An attribute of four bytes, host order, with its header; at a multiple of 4 bytes, as all attributes are. */
  attr32(type: number, value: number): void {
    const first = this.zero(8) >> 2;
    const words = this.#words;
    words[first] = 8 | (type << 16);
    words[first + 1] = value;
  }

  /** An attribute of bytes and so many zeros, with its header and padding. @throws Explained when it would be too long */
  attrBytes(type: number, value: Uint8Array, zeros: number): void {
    const length = 4 + value.length + zeros;
    if (length > LONGEST) throw tooLong(type, length);
    const at = this.zero((length + 3) & ~3);
    this.patch32(at, length | (type << 16));
    this.#buf.set(value, at + 4);
  }

  /** Overwrites two bytes at `at`, host order. */
  patch16(at: number, value: number): void {
    this.#buf[at] = value;
    this.#buf[at + 1] = value >> 8;
  }

  /** Overwrites four bytes at `at`, host order. */
  patch32(at: number, value: number): void {
    if ((at & 3) === 0) {
      this.#words[at >> 2] = value;
      return;
    }
    this.patch16(at, value);
    this.patch16(at + 2, value >> 16);
  }

  /** Pads with zeros until the distance from `start` is a multiple of 4 (NLMSG_ALIGN, NLA_ALIGN). */
  align(start: number): void {
    const past = (this.at - start) & 3;
    if (past) this.zero(4 - past);
  }

  /** Begins anew, in the same buffer: what `finish` gave is no longer valid. */
  reset(): void {
    this.#words.fill(0, 0, (this.at + 3) >> 2);
    this.at = 0;
  }

  /** What has been written, as a view. */
  finish(): Uint8Array {
    return this.#buf.subarray(0, this.at);
  }
}
