import type { Coder, Value } from "./coder.ts";
import { DecodeError, Reader, type Writer } from "./cursor.ts";

// biome-ignore lint/suspicious/noExplicitAny: a table holds coders of every type
export type AttrTable = Record<string, readonly [type: number, coder: Coder<any>]>;

/** What a table decodes to: each attribute may be absent. */
export type Decoded<T extends AttrTable> = {
  [K in keyof T]?: Value<T[K][1]> | undefined;
};

const NLA_TYPE_MASK = 0x3fff;
const NLA_F_NESTED = 0x8000;

/** Types whose payload is attributes carry NLA_F_NESTED; a coder made here says so. */
interface Nest {
  readonly nested?: true;
}

/**
 * A set of attributes from one table `{ name: [type, coder] }`: encoder, decoder and (by `Decoded`) the type.
 * Attributes are written in the order of the value's own keys. A repeated attribute decodes to its last value.
 * Attributes that the table does not list are passed over: newer kernels send more than anyone reads.
 */
export function attrs<const T extends AttrTable>(table: T): Coder<Decoded<T>> & Required<Nest> {
  let byType: [name: string, coder: Coder<unknown>][] | undefined;
  return {
    nested: true,
    encode(w, value) {
      for (const name in value) {
        const item = value[name];
        const entry = table[name];
        if (entry && item !== undefined) writeAttr(w, entry[0], entry[1], item);
      }
    },
    decode(r) {
      byType ??= indexByType(table);
      const out: Record<string, unknown> = {};
      while (r.left >= 4) {
        const { type, start } = nextAttr(r);
        const known = byType[type];
        if (known) out[known[0]] = decodeNamed(known[0], known[1], new Reader(r.buf, start, r.at));
        skipPadding(r, start);
      }
      endOfAttrs(r);
      return out as Decoded<T>;
    },
  };
}

function indexByType(table: AttrTable): [name: string, coder: Coder<unknown>][] {
  const byType: [name: string, coder: Coder<unknown>][] = [];
  for (const name in table) {
    const entry = table[name];
    if (entry) byType[entry[0]] = [name, entry[1]];
  }
  return byType;
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
      while (r.left >= 4) {
        const { start } = nextAttr(r);
        values.push(coder.decode(new Reader(r.buf, start, r.at)));
        skipPadding(r, start);
      }
      endOfAttrs(r);
      return values;
    },
  };
}

/** Writes one attribute: its header, the value, and the padding after it. */
export function writeAttr<V>(w: Writer, type: number, coder: Coder<V> & Nest, value: V): void {
  const start = w.zero(4);
  coder.encode(w, value);
  w.patch16(start, w.at - start);
  w.patch16(start + 2, coder.nested ? type | NLA_F_NESTED : type);
  w.align(start);
}

/**
 * Moves past the next attribute, but for its padding, and says where its value starts. The flags NLA_F_NESTED and
 * NLA_F_NET_BYTEORDER are taken off its type. No reader is made: of most attributes nobody wants the value.
 */
function nextAttr(r: Reader): { type: number; start: number } {
  const length = r.u16();
  const type = r.u16() & NLA_TYPE_MASK;
  if (length < 4) throw new DecodeError(`attribute ${type} has length ${length}`);
  return { type, start: r.skip(length - 4) };
}

function skipPadding(r: Reader, start: number): void {
  r.skip(Math.min(r.left, (start - r.at) & 3));
}

function endOfAttrs(r: Reader): void {
  if (r.left) throw new DecodeError(`${r.left} bytes left after the last attribute`);
}

function decodeNamed(name: string, coder: Coder<unknown>, body: Reader): unknown {
  try {
    return coder.decode(body);
  } catch (error) {
    if (error instanceof DecodeError) throw new DecodeError(`${name}: ${error.message}`);
    throw error;
  }
}
