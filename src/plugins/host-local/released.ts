/**
 * What an index remembers of leases that are gone: whose, and of which address. It explains why an attachment that is asked
 * for again is not in the table (owners.ts). As many as there is room for: the longest ago are forgotten.
 */
import { pread, pwrite } from "#sys";
import { equalIp, type Ip } from "../../base/ip.ts";
import type { Hash } from "./record-hash.ts";
import { addressOf, isOf, SLOT, slotBytes } from "./slot.ts";

/** Where the buckets begin in an index file. */
export const RELEASED_AT = 4096;
const BUCKETS = 256;
/** Slots of a bucket, the latest first. */
const WAYS = 8;
const BUCKET = WAYS * SLOT;
export const RELEASED_END = RELEASED_AT + BUCKETS * BUCKET;
/** So many are kept for one record: those of both families. */
const EACH = 2;

/** Remembers that the lease of `ip` under a record is gone; without an address, that there is none. */
export function remember(fd: number, hash: Hash, ip: Ip | undefined): void {
  const bucket = new Uint8Array(BUCKET);
  bucket.set(slotBytes(hash, ip));
  let filled = SLOT;
  let own = 1;
  eachSlot(fd, hash, (slot, isOwn) => {
    if (filled === BUCKET || (isOwn && (isSame(addressOf(slot), ip) || ++own > EACH))) return;
    bucket.set(slot, filled);
    filled += SLOT;
  });
  pwrite(fd, bucket, offsetOf(hash));
}

/** The addresses that are remembered for a record; undefined when nothing is. */
export function recall(fd: number, hash: Hash): Ip[] | undefined {
  let found: Ip[] | undefined;
  eachSlot(fd, hash, (slot, isOwn) => {
    if (!isOwn) return;
    const ip = addressOf(slot);
    found ??= [];
    if (ip) found.push(ip);
  });
  return found;
}

/** Shows `visit` the slots in use of a record's bucket, and which are its own. */
function eachSlot(fd: number, hash: Hash, visit: (slot: Uint8Array, isOwn: boolean) => void): void {
  const bytes = pread(fd, BUCKET, offsetOf(hash));
  for (let at = 0; at + SLOT <= bytes.length && bytes[at] !== 0; at += SLOT) {
    const slot = bytes.subarray(at, at + SLOT);
    visit(slot, isOf(slot, hash));
  }
}

function isSame(a: Ip | undefined, b: Ip | undefined): boolean {
  return a === undefined || b === undefined || equalIp(a, b);
}

function offsetOf(hash: Hash): number {
  return RELEASED_AT + (hash.check & (BUCKETS - 1)) * BUCKET;
}
