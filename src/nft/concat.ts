import { KEY_TYPES, type KeyType } from "./objects.ts";

/** Concatenated keys: parts one after the other, each padded with zeros to words of four bytes. */

/** TYPE_BITS of nft: what it knows a concatenation by is made of its parts' numbers. */
const TYPE_BITS = 6;

/** NFTA_SET_KEY_TYPE or NFTA_SET_DATA_TYPE. */
export function concatNumber(types: readonly KeyType[]): number {
  return types.reduce((number, type) => (number << TYPE_BITS) | KEY_TYPES[type].number, 0);
}

/** The types that a number of concatNumber is made of; undefined when one is not listed in objects.ts. */
export function typesOfNumber(number: number): KeyType[] | undefined {
  const types: KeyType[] = [];
  for (let rest = number; rest > 0; rest >>>= TYPE_BITS) {
    const wanted = rest & ((1 << TYPE_BITS) - 1);
    const type = (Object.keys(KEY_TYPES) as KeyType[]).find((one) => KEY_TYPES[one].number === wanted);
    if (type === undefined) return undefined;
    types.unshift(type);
  }
  return types;
}

/** In bytes. One alone is no concatenation, and not padded. */
export function concatLength(types: readonly KeyType[]): number {
  const [first] = types;
  if (first && types.length === 1) return KEY_TYPES[first].size;
  return types.reduce((length, type) => length + padded(KEY_TYPES[type].size), 0);
}

function padded(size: number): number {
  return (size + 3) & ~3;
}

/** The bytes of a concatenation. */
export function concatenated(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + padded(part.length), 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += padded(part.length);
  }
  return bytes;
}

/** What `concatenated` was made of. */
export function partsOf(types: readonly KeyType[], bytes: Uint8Array): Uint8Array[] {
  let at = 0;
  return types.map((type) => {
    const { size } = KEY_TYPES[type];
    const part = bytes.subarray(at, at + size);
    at += padded(size);
    return part;
  });
}

/** A port as its bytes (inet_service). */
export function portBytes(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port);
}

/** The port that bytes are. */
export function portOf(bytes: Uint8Array): number {
  return ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
}
