/**
 * Records as in many wire formats: each begins with its own length in bytes and its number, both of 16 bits in the host's byte
 * order, and is padded to a multiple of four bytes.
 */

/** What of a buffer is to be walked, and what is wanted of it. */
export type Walk = (
  bytes: Uint8Array,
  from: number,
  end: number,
  /** The bits of the number that count. */
  mask: number,
  /** By number, the slot of the records that are wanted; 0, or nothing beyond the end, of others. */
  slots: Uint8Array,
  /** How many slots there are, that of others included. */
  count: number,
) => number[];

let host: Walk | undefined;

/** Has the host walk from now on. */
export function useWalk(walk: Walk): void {
  host = walk;
}

/**
 * Walks records. Returns where the first of each slot has its content, 0 where there is none (in slot 0 it means nothing), and
 * as one number more where the walk ended: before `end` by four bytes or more at a record whose length is wrong.
 */
export const walkRecords: Walk = (bytes, from, end, mask, slots, count) => {
  if (host) return host(bytes, from, end, mask, slots, count);
  const starts = new Array<number>(count + 1).fill(0);
  let at = from;
  while (end - at >= 4) {
    const length = (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
    if (length < 4 || length > end - at) break;
    const number = ((bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8)) & mask;
    const slot = slots[number] ?? 0;
    if (starts[slot] === 0) starts[slot] = at + 4;
    at += (length + 3) & ~3;
  }
  starts[count] = at;
  return starts;
};
