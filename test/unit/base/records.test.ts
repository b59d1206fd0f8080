/** Both walkers: ours, and the host's where these tests run in the engine of the plugins. */
import { describe, expect, test } from "bun:test";
import * as sys from "#sys";
import { type Walk, walkRecords } from "../../../src/base/records.ts";

const SLOTS = Uint8Array.of(0, 1, 0, 2);
const WALKERS: [string, Walk][] = [
  ["walkRecords()", walkRecords],
  ["sys.walkRecords()", sys.walkRecords],
];
const bytes = (...parts: number[][]) => Uint8Array.from(parts.flat());

describe.each(WALKERS)("%s", (_, walk) => {
  const walked = (of: Uint8Array, from = 0) => [...walk(of, from, of.length, 0x3fff, SLOTS, 3)];

  test("says where the first of each slot has its content, and where it ended", () => {
    const records = bytes([5, 0, 3, 0, 7, 0, 0, 0], [4, 0, 1, 0x80], [4, 0, 3, 0], [4, 0, 9, 0]);
    expect(walked(records)).toEqual([20, 12, 4, 20]);
    expect(walked(records, 12)).toEqual([20, 0, 16, 20]);
    expect(walked(bytes())).toEqual([0, 0, 0, 0]);
  });

  test("ends at a record whose length is wrong, and after one that lacks its padding", () => {
    expect(walked(bytes([4, 0, 1, 0], [3, 0, 3, 0]))).toEqual([0, 4, 0, 4]);
    expect(walked(bytes([9, 0, 1, 0, 1, 1, 1, 1]))).toEqual([0, 0, 0, 0]);
    expect(walked(bytes([5, 0, 1, 0, 1]))).toEqual([0, 4, 0, 8]);
  });
});

test("both walk any bytes alike", () => {
  let seed = 1;
  const below = (n: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % n;
  };
  for (let round = 0; round < 2000; round++) {
    // Small numbers make records that go on.
    const most = round % 2 ? 10 : 256;
    const of = Uint8Array.from({ length: below(64) }, () => below(most));
    const [ours, theirs] = WALKERS.map(([, walk]) => [...walk(of, 0, of.length, 0xff, SLOTS, 3)]);
    expect(theirs).toEqual(ours);
  }
});
