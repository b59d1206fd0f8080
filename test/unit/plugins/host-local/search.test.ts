import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compareIp, type Ip } from "../../../../src/base/ip.ts";
import { finderOf, firstOverlap } from "../../../../src/plugins/host-local/search.ts";
import { growth, LINEAR } from "../../../support/growth.ts";

interface Stretch {
  start: Ip;
  end: Ip;
}

const ip4 = (number: number): Ip => Uint8Array.of(10, number >> 16, number >> 8, number);
const ip6 = (number: number): Ip => Uint8Array.from([0xfd, ...new Array(13).fill(0), number >> 8, number]);

/** Addresses `from` to `to` of a family. */
const stretch = (from: number, to = from, ip = ip4): Stretch => ({ start: ip(from), end: ip(to) });

const contains = ({ start, end }: Stretch, ip: Ip) => compareIp(start, ip) <= 0 && compareIp(ip, end) <= 0;
const overlaps = (a: Stretch, b: Stretch) => contains(a, b.start) || contains(b, a.start);

/** As the reference looks: each with each that follows. */
function firstPair(sets: readonly Stretch[][]): [number, number] | undefined {
  for (let i = 0; i < sets.length; i++) {
    for (let j = i + 1; j < sets.length; j++) {
      if (sets[i]?.some((a) => sets[j]?.some((b) => overlaps(a, b)))) return [i, j];
    }
  }
  return undefined;
}

/** What is left of a list when each that overlaps one before it is taken out. */
function disjoint(list: Stretch[]): Stretch[] {
  const kept: Stretch[] = [];
  for (const one of list) if (!kept.some((other) => overlaps(one, other))) kept.push(one);
  return kept;
}

const anyStretch = fc
  .tuple(fc.nat(60), fc.nat(6), fc.boolean())
  .map(([from, length, six]) => stretch(from, from + length, six ? ip6 : ip4));
const anySets = fc.array(fc.array(anyStretch, { minLength: 1, maxLength: 5 }).map(disjoint), { maxLength: 6 });

describe("firstOverlap()", () => {
  test("names the two sets that comparing each with each comes to first", () => {
    let found = 0;
    fc.assert(
      fc.property(anySets, (sets) => {
        const pair = firstPair(sets);
        if (pair) found++;
        expect(firstOverlap(sets)).toEqual(pair);
      }),
      { numRuns: 2000 },
    );
    expect(found).toBeGreaterThan(100);
  });

  test("takes no longer than sorting, whether they overlap or not", () => {
    const apart = (size: number) => Array.from({ length: size }, (_, i) => [stretch(4 * i, 4 * i + 2)]);
    const ends = (size: number) => [stretch(4 * size - 4)];
    const overlapping = {
      none: apart,
      "the last two": (size: number) => [...apart(size), ends(size + 1), ends(size + 1)],
      "all with one of many": (size: number) => [apart(size).flat(), ...apart(size).map(() => ends(size))],
    };
    for (const [which, sets] of Object.entries(overlapping)) {
      expect(
        growth(2000, (size) => firstOverlap(sets(size))),
        which,
      ).toBeLessThan(LINEAR);
    }
  });
});

describe("finderOf()", () => {
  test("finds the set of every address that is in one", () => {
    fc.assert(
      fc.property(anySets, fc.nat(70), fc.boolean(), (sets, number, six) => {
        fc.pre(!firstPair(sets));
        const ip = (six ? ip6 : ip4)(number);
        const at = sets.findIndex((set) => set.some((one) => contains(one, ip)));
        expect(finderOf(sets)(ip)).toBe(at < 0 ? undefined : at);
      }),
    );
  });

  test("finds as many as there are without going through all for each", () => {
    const work = (size: number) => {
      const find = finderOf(Array.from({ length: size }, (_, i) => [stretch(4 * i)]));
      for (let i = 0; i < size; i++) find(ip4(4 * i));
    };
    expect(growth(2000, work)).toBeLessThan(LINEAR);
  });
});
