/** Hashes of records, for the index. Reading a whole directory is mostly this, so records are hashed as the bytes they are read as. */
import { decodeUtf8, encodeUtf8 } from "../../base/utf8.ts";

/**
 * Two independent 32-bit hashes of a record: `home` says where its slot is, both together that it may be it. Not for
 * trust: who knows them can make collisions, which cost time only.
 */
export interface Hash {
  readonly home: number;
  readonly check: number;
}

const { imul } = Math;
const BEYOND_ASCII = 0x80808080;

/** The hash of a trimmed record. */
export function hashOf(record: string): Hash {
  return mix(encodeUtf8(record));
}

/** The hash of a lease file's content, white space around it left out. */
export function hashOfContent(content: Uint8Array): Hash {
  let start = 0;
  let end = content.length;
  while (start < end && isSpace(content[start] as number)) start++;
  while (end > start && isSpace(content[end - 1] as number)) end--;
  const hash = mix(content.subarray(start, end));
  // White space has more forms than the ASCII ones then, and not all bytes are text.
  return hash.beyondAscii ? hashOf(decodeUtf8(content).trim()) : hash;
}

function isSpace(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}

/** Four bytes at a time, with the multipliers of FNV-1a and MurmurHash2 and a shift that carries high bits down. */
function mix(bytes: Uint8Array): Hash & { beyondAscii: boolean } {
  const words = new Uint32Array((bytes.length >> 2) + 1);
  new Uint8Array(words.buffer).set(bytes);
  let home = 0x811c9dc5 ^ bytes.length;
  let check = 0x2f0b4c27;
  let seen = 0;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as number;
    seen |= word;
    home = imul(home ^ word, 0x01000193);
    home ^= home >>> 15;
    check = imul(check ^ word, 0x5bd1e995);
    check ^= check >>> 13;
  }
  return { home: home >>> 0, check: check >>> 0, beyondAscii: (seen & BEYOND_ASCII) !== 0 };
}
