import { expect, test } from "bun:test";
import fc from "fast-check";
import { arrange } from "../../../../src/service/sinks/nft/arrange.ts";

const some = fc.uniqueArray(fc.constantFrom(..."abcdefghij"), { maxLength: 10 });

test("arrange() has what is wanted, each once", () => {
  fc.assert(
    fc.property(some, some, (before, wanted) =>
      expect([...arrange(before, wanted)].sort()).toEqual([...wanted].sort()),
    ),
  );
});

test("arrange() leaves what stays where it is, if there is that place, and so changes as few places as can be", () => {
  fc.assert(
    fc.property(some, some, (before, wanted) => {
      const after = arrange(before, wanted);
      for (const [i, one] of before.entries()) {
        if (i < after.length && wanted.includes(one)) expect(after[i]).toBe(one);
      }
    }),
  );
});

test("arrange() moves the last to the place of one that goes", () => {
  expect(arrange(["a", "b", "c", "d"], ["a", "c", "d"])).toEqual(["a", "d", "c"]);
  expect(arrange(["a", "b"], ["x", "a", "b"])).toEqual(["a", "b", "x"]);
  expect(arrange(["a", "b"], ["b", "x"])).toEqual(["x", "b"]);
});
