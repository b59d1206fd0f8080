/** The 32 bytes that an index keeps for a lease, or for one that was released. Pure. */
import type { Ip } from "../../base/ip.ts";
import type { Hash } from "./record-hash.ts";

/*
 *  0  u8 length of the address, or 1: no address; 0: free     8  u32, 12 u32 hash of the record     16  the address
 * Little-endian: an index never leaves its machine, and berth's machines are.
 */
export const SLOT = 32;
const NO_ADDRESS = 1;

/** A slot with the record's hash and, if there is one, an address. */
export function slotBytes(hash: Hash, ip: Ip | undefined): Uint8Array {
  const bytes = new Uint8Array(SLOT);
  bytes[0] = ip?.length ?? NO_ADDRESS;
  const view = viewOf(bytes);
  view.setUint32(8, hash.home, true);
  view.setUint32(12, hash.check, true);
  if (ip) bytes.set(ip, 16);
  return bytes;
}

export function isFree(slot: Uint8Array): boolean {
  return slot[0] === 0;
}

export function isOf(slot: Uint8Array, hash: Hash): boolean {
  const view = viewOf(slot);
  return view.getUint32(8, true) === hash.home && view.getUint32(12, true) === hash.check;
}

/** Where the slot of a lease would be if all were free: `home` of its hash. */
export function homeOf(slot: Uint8Array): number {
  return viewOf(slot).getUint32(8, true);
}

/** The address in a slot; undefined when it has none. */
export function addressOf(slot: Uint8Array): Ip | undefined {
  const length = slot[0] ?? 0;
  return length > NO_ADDRESS ? slot.slice(16, 16 + length) : undefined;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
