import type { IpFamily } from "../../../nft/match-concat.ts";
import type { NftSet } from "../../../nft/objects.ts";
import { Packed } from "../../../nft/packed.ts";
import { bytesText } from "./bytes.ts";
import { MAPS, type Maps, rangesLength, rangesSet } from "./layout.ts";

/** A map or set by its name in the layout, or `ranges-LENGTH`. */
export type SetId = keyof Maps | `ranges-${number}`;

export function setOf(family: IpFamily, set: SetId): NftSet {
  const length = rangesLength(set);
  return length === undefined ? MAPS[family][set as keyof Maps] : rangesSet(family, length);
}

/** Elements of the tables of one family, by their sets. */
export class Elements {
  readonly family: IpFamily;
  readonly #sets = new Map<SetId, Packed>();

  constructor(family: IpFamily) {
    this.family = family;
  }

  /** Those of a set, to add to. */
  of(set: SetId): Packed {
    const found = this.#sets.get(set);
    if (found) return found;
    const packed = new Packed(setOf(this.family, set));
    this.#sets.set(set, packed);
    return packed;
  }

  put(set: SetId, packed: Packed): void {
    this.#sets.set(set, packed);
  }

  /** Undefined when there are none. */
  get(set: SetId): Packed | undefined {
    return this.#sets.get(set);
  }

  /** The sets that have any. */
  ids(): SetId[] {
    return [...this.#sets].flatMap(([set, { count }]) => (count > 0 ? [set] : []));
  }

  /** How many there are in all. */
  get count(): number {
    let sum = 0;
    for (const { count } of this.#sets.values()) sum += count;
    return sum;
  }
}

/** Where in `packed` each key is. Of one that is there twice, the last. */
export function placesOf(packed: Packed | undefined): Map<string, number> {
  const places = new Map<string, number>();
  if (!packed) return places;
  const { bytes, size, keySize, count } = packed;
  for (let i = 0, at = 0; i < count; i++, at += size) places.set(bytesText(bytes, at, keySize), at);
  return places;
}

/** Notes what makes `wanted` of `before`: what goes, and what comes. What has other data does both. */
export function noteDifference(before: Elements, wanted: Elements, removed: Elements, added: Elements): void {
  for (const set of new Set([...before.ids(), ...wanted.ids()])) {
    noteSet(
      before.get(set),
      wanted.get(set),
      () => removed.of(set),
      () => added.of(set),
    );
  }
}

function noteSet(
  before: Packed | undefined,
  wanted: Packed | undefined,
  removed: () => Packed,
  added: () => Packed,
): void {
  const left = placesOf(before);
  for (const [key, at] of placesOf(wanted)) {
    const was = left.get(key);
    if (was !== undefined && before && wanted && hasSameData(before, was, wanted, at)) left.delete(key);
    else if (wanted) added().copy(wanted, at);
  }
  for (const at of left.values()) if (before) removed().copy(before, at);
}

function hasSameData(a: Packed, atA: number, b: Packed, atB: number): boolean {
  for (let i = a.keySize; i < a.size; i++) if (a.bytes[atA + i] !== b.bytes[atB + i]) return false;
  return true;
}
