/**
 * The hash table in an index file: which addresses a record may be found under. One slot for each lease, linear probing,
 * no tombstones (a removal closes the gap), so that a lookup reads one stretch of some slots.
 */
import { fstat, pread, pwrite, truncate } from "#sys";
import { equalIp, type Ip } from "../../base/ip.ts";
import { decodeUtf8, encodeUtf8 } from "../../base/utf8.ts";
import type { Hash } from "./record-hash.ts";
import { RELEASED_AT, RELEASED_END } from "./released.ts";
import { addressOf, homeOf, isFree, isOf, SLOT, slotBytes, viewOf } from "./slot.ts";

/*
 *  0  u32 magic        16  f64 stamp, seconds         32  path of the lease directory, UTF-8
 *  4  u32 capacity     24  u32 stamp, nanoseconds   4096  what was released (released.ts)
 *  8  u32 count        28  u32 length of the path       …  one slot (slot.ts) for each lease
 */
const MAGIC = 0x32786962; // "bix2"
/** An older berth's, which knows neither its directory nor what was released. */
const MAGIC_1 = 0x31786962; // "bix1"
const STAMPED = 28;
const HEADER = 32;
const SMALLEST = 512;
const LARGEST = 1 << 24;
/** Slots read at once. */
const STRETCH = 16;
/** No directory has it. */
const NEVER = { sec: 0, nsec: 0xffffffff };

/** A modification time of the lease directory. */
export interface Stamp {
  readonly sec: number;
  readonly nsec: number;
}

export interface Table {
  readonly fd: number;
  /** Number of slots, a power of two. */
  readonly capacity: number;
  count: number;
  /** The modification time that the directory had when the table was last in step with it. */
  readonly stamp: Stamp;
}

/** The table in an open index file; undefined when it is none. */
export function readTable(fd: number): Table | undefined {
  const header = pread(fd, HEADER, 0);
  if (header.length < HEADER) return undefined;
  const view = viewOf(header);
  const capacity = view.getUint32(4, true);
  if (view.getUint32(0, true) !== MAGIC || capacity < SMALLEST || capacity > LARGEST) return undefined;
  if ((capacity & (capacity - 1)) !== 0) return undefined;
  return {
    fd,
    capacity,
    count: view.getUint32(8, true),
    stamp: { sec: view.getFloat64(16, true), nsec: view.getUint32(24, true) },
  };
}

/** Declares the table to be in step with a directory of this modification time. The last write of every change. */
export function stampTable(table: Table, stamp: Stamp): void {
  pwrite(table.fd, headerBytes(table, stamp), 0);
}

function headerBytes({ capacity, count }: Pick<Table, "capacity" | "count">, stamp: Stamp): Uint8Array {
  const header = new Uint8Array(STAMPED);
  const view = viewOf(header);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, capacity, true);
  view.setUint32(8, count, true);
  view.setFloat64(16, stamp.sec, true);
  view.setUint32(24, stamp.nsec, true);
  return header;
}

/** A table being made in memory. */
export interface TableBuilder {
  add(hash: Hash, ip: Ip): void;
  /** Writes it into the index file of `directory`, in step with nothing until it is stamped. What was released stays known. */
  write(fd: number, directory: string): Table;
}

/** Starts a table with room for `leases` entries and at least as many again. */
export function buildTable(leases: number): TableBuilder {
  let capacity = SMALLEST;
  while (capacity < 2 * leases) capacity *= 2;
  const slots = new Uint8Array(capacity * SLOT);
  let count = 0;
  return {
    add(hash, ip) {
      let at = hash.home & (capacity - 1);
      while (!isFree(slots.subarray(at * SLOT))) at = (at + 1) & (capacity - 1);
      slots.set(slotBytes(hash, ip), at * SLOT);
      count++;
    },
    write(fd, directory) {
      if (!readTable(fd)) truncate(fd, 0);
      pwrite(fd, firstBytes({ capacity, count }, directory), 0);
      truncate(fd, RELEASED_END);
      pwrite(fd, slots, RELEASED_END);
      return { fd, capacity, count, stamp: NEVER };
    },
  };
}

/** The header, and the path: one that is not absolute, or too long to be kept, is left out. */
function firstBytes(table: Pick<Table, "capacity" | "count">, directory: string): Uint8Array {
  const encoded = encodeUtf8(directory);
  const path = directory.startsWith("/") && encoded.length <= RELEASED_AT - HEADER ? encoded : new Uint8Array();
  const bytes = new Uint8Array(HEADER + path.length);
  bytes.set(headerBytes(table, NEVER));
  viewOf(bytes).setUint32(STAMPED, path.length, true);
  bytes.set(path, HEADER);
  return bytes;
}

/** The lease directory that an open index file is of: undefined for no index or when it does not say, "older" for an older berth's. */
export function directoryOfIndex(fd: number): string | undefined {
  const bytes = pread(fd, RELEASED_AT, 0);
  if (bytes.length < HEADER) return undefined;
  const view = viewOf(bytes);
  const magic = view.getUint32(0, true);
  if (magic !== MAGIC) return magic === MAGIC_1 ? "older" : undefined;
  const length = view.getUint32(STAMPED, true);
  return length > 0 ? decodeUtf8(bytes.subarray(HEADER, HEADER + length)) : undefined;
}

/** The addresses that the hash is entered with: each may be a record's that only hashes alike. */
export function lookUp(table: Table, hash: Hash): Ip[] {
  const found: Ip[] = [];
  walk(table, hash.home, (bytes) => {
    if (isFree(bytes)) return false;
    const ip = isOf(bytes, hash) && addressOf(bytes);
    if (ip) found.push(ip);
    return true;
  });
  return found;
}

/** Whether the table is so full that it should be built anew, larger. */
export function isCrowded(table: Table): boolean {
  return table.count + 1 > table.capacity * 0.7;
}

/** Enters an address. Not into a crowded table. */
export function enter(table: Table, hash: Hash, ip: Ip): void {
  const free = walk(table, hash.home, (bytes) => !isFree(bytes));
  if (free === undefined) return;
  pwrite(table.fd, slotBytes(hash, ip), offsetOf(free));
  table.count++;
}

/** Removes an entry, if it is there, and moves back what was displaced by it. */
export function strike(table: Table, hash: Hash, ip: Ip): void {
  let there = false;
  const at = walk(table, hash.home, (bytes) => {
    if (isFree(bytes)) return false;
    const entered = isOf(bytes, hash) && addressOf(bytes);
    there = entered !== false && entered !== undefined && equalIp(entered, ip);
    return !there;
  });
  if (at === undefined || !there) return;
  const mask = table.capacity - 1;
  let gap = at;
  walk(table, at + 1, (bytes, slot) => {
    if (isFree(bytes)) return false;
    const distance = (slot - homeOf(bytes)) & mask;
    // An entry may move back to the gap only if that is not before its home.
    if (distance >= ((slot - gap) & mask)) {
      pwrite(table.fd, bytes, offsetOf(gap));
      gap = slot;
    }
    return true;
  });
  pwrite(table.fd, new Uint8Array(SLOT), offsetOf(gap));
  table.count--;
}

/** Shows `visit` the slots from `home` on, round the end, until it returns false; the slot where it did. */
function walk(table: Table, home: number, visit: (bytes: Uint8Array, slot: number) => boolean): number | undefined {
  const mask = table.capacity - 1;
  for (let seen = 0; seen < table.capacity; ) {
    const first = (home + seen) & mask;
    const wanted = Math.min(STRETCH, table.capacity - first);
    const bytes = pread(table.fd, wanted * SLOT, offsetOf(first));
    for (let i = 0; i < wanted; i++) {
      const slot = bytes.subarray(i * SLOT, (i + 1) * SLOT);
      if (slot.length < SLOT || !visit(slot, first + i)) return first + i;
    }
    seen += wanted;
  }
  return undefined;
}

/** Whether the file is as long as its header says. */
export function isWhole(table: Table): boolean {
  return fstat(table.fd).size === RELEASED_END + table.capacity * SLOT;
}

function offsetOf(slot: number): number {
  return RELEASED_END + slot * SLOT;
}
