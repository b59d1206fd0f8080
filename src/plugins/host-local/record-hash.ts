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
const SPACE = 32;

/** The hash of a trimmed record. */
export function hashOf(record: string): Hash {
  return mix(encodeUtf8(record));
}

/** The hash of a lease file's content, white space around it left out. */
export function hashOfContent(content: Uint8Array): Hash {
  let start = 0;
  let end = content.length;
  while (start < end && (content[start] as number) <= SPACE) start++;
  while (end > start && (content[end - 1] as number) <= SPACE) end--;
  const hash = mix(start === 0 ? content.subarray(0, end) : content.slice(start, end));
  // White space has more forms than the ASCII ones then, and not all bytes are text.
  return hash.beyondAscii ? hashOf(decodeUtf8(content).trim()) : hash;
}

/** Four bytes at a time, with the multipliers of FNV-1a and MurmurHash2 and a shift that carries high bits down. */
function mix(bytes: Uint8Array): Hash & { beyondAscii: boolean } {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  let home = 0x811c9dc5 ^ bytes.length;
  let check = 0x2f0b4c27;
  let seen = 0;
  const add = (word: number) => {
    seen |= word;
    home = imul(home ^ word, 0x01000193);
    home ^= home >>> 15;
    check = imul(check ^ word, 0x5bd1e995);
    check ^= check >>> 13;
  };
  for (let i = 0; i < words.length; i++) add(words[i] as number);
  let tail = 0;
  for (let i = words.length * 4; i < bytes.length; i++) tail = (tail << 8) | (bytes[i] as number);
  add(tail);
  return { home: home >>> 0, check: check >>> 0, beyondAscii: (seen & BEYOND_ASCII) !== 0 };
}
