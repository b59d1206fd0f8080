import { expect, test } from "bun:test";
import { allFeatures, FEATURES, featuresOf, wishedFeatures } from "../../../src/features/all.ts";
import { mayHave } from "../../../src/features/attached.ts";

const owned = { address: Uint8Array.of(10, 0, 0, 2), ours: true, link: { name: "veth0", index: 7 } };

test("each letter is one feature's", () => {
  const letters = Object.values(FEATURES).flatMap((feature) => Object.keys(feature.letters));
  expect(new Set(letters).size).toBe(letters.length);
  for (const letter of letters) expect(letter).toMatch(/^[a-z]$/);
});

test("the table gives what is wished, and what letters stand for", () => {
  expect(wishedFeatures({})).toEqual([]);
  expect(wishedFeatures({ spoofCheck: true })).toEqual([{ feature: FEATURES.spoofCheck, wish: true }] as never);
  expect(allFeatures({}).map(({ wish }) => wish)).toEqual([undefined, undefined, undefined]);
  expect(featuresOf("si").map(({ wish }) => wish)).toEqual([{ backend: "iptables" }, true]);
  expect(featuresOf("x")).toEqual([]);
});

test("leases of berth's own that came to their end say what there is", () => {
  expect(mayHave("i", undefined)).toBe(true);
  expect(mayHave("i", [])).toBe(false);
  expect(mayHave("i", [owned])).toBe(false);
  expect(mayHave("i", [{ ...owned, rules: "si" }])).toBe(true);
  expect(mayHave("i", [{ ...owned, ours: false }])).toBe(true);
  expect(mayHave("i", [{ address: owned.address, ours: true }])).toBe(true);
});
