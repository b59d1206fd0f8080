/**
 * The hash table in an index file: which addresses a record may be found under. One slot for each lease, linear probing,
 * no tombstones (a removal closes the gap), so that a lookup reads one stretch of some slots.
 */
import { fstat, pread, pwrite, truncate } from "#sys";
import { equalIp, type Ip } from "../../base/ip.ts";
import type { Hash } from "./record-hash.ts";

/*
 *  0  u32 magic         16  f64 stamp, seconds        64  slots of 32 bytes each:
 *  4  u32 capacity      24  u32 stamp, nanoseconds         0  u8 length of the address; 0: free
 *  8  u32 count                                            8  u32, 12 u32 hash of the record
 *                                                         16  the address
 * Little-endian: an index never leaves its machine, and berth's machines are.
 */
const MAGIC = 0x31786962; // "bix1"
const HEADER = 64;
const SLOT = 32;
const SMALLEST = 512;
const LARGEST = 1 << 24;
/** Slots read at once. */
const STRETCH = 16;

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
  const header = new Uint8Array(HEADER);
  const view = viewOf(header);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, table.capacity, true);
  view.setUint32(8, table.count, true);
  view.setFloat64(16, stamp.sec, true);
  view.setUint32(24, stamp.nsec, true);
  pwrite(table.fd, header, 0);
}

/** A table being made in memory. */
export interface TableBuilder {
  add(hash: Hash, ip: Ip): void;
  /** Writes it into an index file, in step with nothing until it is stamped. */
  write(fd: number): Table;
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
      while (slots[at * SLOT] !== 0) at = (at + 1) & (capacity - 1);
      slots.set(slotBytes(hash, ip), at * SLOT);
      count++;
    },
    write(fd) {
      truncate(fd, 0);
      pwrite(fd, slots, HEADER);
      return { fd, capacity, count, stamp: { sec: 0, nsec: 0 } };
    },
  };
}

/** The addresses that the hash is entered with: each may be a record's that only hashes alike. */
export function lookUp(table: Table, hash: Hash): Ip[] {
  const found: Ip[] = [];
  walk(table, hash.home, (bytes) => {
    if (bytes[0] === 0) return false;
    if (isOf(bytes, hash)) found.push(addressOf(bytes));
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
  const free = walk(table, hash.home, (bytes) => bytes[0] !== 0);
  if (free === undefined) return;
  pwrite(table.fd, slotBytes(hash, ip), offsetOf(free));
  table.count++;
}

/** Removes an entry, if it is there, and moves back what was displaced by it. */
export function strike(table: Table, hash: Hash, ip: Ip): void {
  const at = walk(table, hash.home, (bytes) => bytes[0] !== 0 && !(isOf(bytes, hash) && equalIp(addressOf(bytes), ip)));
  if (at === undefined || pread(table.fd, 1, offsetOf(at))[0] === 0) return;
  const mask = table.capacity - 1;
  let gap = at;
  walk(table, at + 1, (bytes, slot) => {
    if (bytes[0] === 0) return false;
    const distance = (slot - viewOf(bytes).getUint32(8, true)) & mask;
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
  return fstat(table.fd).size === HEADER + table.capacity * SLOT;
}

function slotBytes(hash: Hash, ip: Ip): Uint8Array {
  const bytes = new Uint8Array(SLOT);
  bytes[0] = ip.length;
  const view = viewOf(bytes);
  view.setUint32(8, hash.home, true);
  view.setUint32(12, hash.check, true);
  bytes.set(ip, 16);
  return bytes;
}

function isOf(bytes: Uint8Array, hash: Hash): boolean {
  const view = viewOf(bytes);
  return view.getUint32(8, true) === hash.home && view.getUint32(12, true) === hash.check;
}

function addressOf(bytes: Uint8Array): Ip {
  return bytes.slice(16, 16 + (bytes[0] ?? 0));
}

function offsetOf(slot: number): number {
  return HEADER + slot * SLOT;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
