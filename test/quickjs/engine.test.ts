/** That the tests of the pure layers run in the engine of the plugins, and that their `expect` can fail there. */
import { describe, expect, test } from "bun:test";
import { lstat } from "#sys";
import { errnoOf } from "../../src/base/errno.ts";

const inQuickJs = test.skipIf("Bun" in globalThis);

inQuickJs.each([
  "TextDecoder",
  "TextEncoder",
  "Intl",
  "structuredClone",
  "setTimeout",
  "console",
  "process",
  "Buffer",
  "Bun",
])("the engine has no %s", (name) => expect(name in globalThis).toBe(false));

/** What a call throws. */
function thrownBy(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  return expect.unreachable("nothing was thrown");
}

inQuickJs("an error of a system call has no stack, which would take longer than the call; others have theirs", () => {
  const missing = thrownBy(() => lstat("/nowhere/at/all"));
  expect(errnoOf(missing)).toBe(2);
  expect(missing.message).toBe("lstat /nowhere/at/all: ENOENT (no such file or directory)");
  expect(missing.stack).toBe("");
  expect(thrownBy(() => (undefined as unknown as string).length).stack).toMatch(/thrownBy/);
  expect(new Error("made").stack).toMatch(/\.js:\d+/);
});

/** Whether the assertion failed. */
function fails(assertion: () => void): boolean {
  try {
    assertion();
    return false;
  } catch {
    return true;
  }
}

/** Whatever the types are. */
const equals = (actual: unknown, expected: unknown) => expect(actual).toEqual(expected);
const bytes = (...values: number[]) => Uint8Array.from(values);
const broken = () => {
  throw new RangeError("out of order");
};

/** One assertion that holds and one that does not. */
const PAIRS: Record<string, [holds: () => void, not: () => void]> = {
  toBe: [() => expect(Number.NaN).toBe(Number.NaN), () => expect(bytes(1)).toBe(bytes(1))],
  "toBe of zeros": [() => expect(0).toBe(0), () => expect(-0).toBe(0)],
  not: [() => expect(1).not.toBe(2), () => expect(1).not.toBe(1)],
  toEqual: [() => equals({ a: [1, { b: undefined }] }, { a: [1, {}] }), () => equals({ a: 1 }, { a: 1, b: 2 })],
  "toEqual of more than expected": [() => equals([1], [1]), () => equals({ a: 1, b: 2 }, { a: 1 })],
  "toEqual of arrays": [() => equals([undefined], [undefined]), () => equals([1, undefined], [1])],
  "toEqual of bytes": [() => equals(bytes(1, 2), bytes(1, 2)), () => equals(bytes(1, 2), bytes(1, 3))],
  "toEqual of bytes and numbers": [() => equals([1], [1]), () => equals(bytes(1), [1])],
  "toEqual of errors": [() => equals(new Error("a"), new Error("a")), () => equals(new Error("a"), new Error("b"))],
  "toEqual of maps": [
    () => equals(new Map([[1, 2]]), new Map([[1, 2]])),
    () => equals(new Map([[1, 2]]), new Map([[1, 3]])),
  ],
  "toEqual of sets": [() => equals(new Set([1]), new Set([1])), () => equals(new Set([1]), new Set([2]))],
  toMatchObject: [
    () => expect({ a: 1, b: 2 }).toMatchObject({ a: 1 }),
    () => expect<object>({ a: 1 }).toMatchObject({ a: 1, b: 2 }),
  ],
  "toMatchObject of arrays": [
    () => expect([{ a: 1, b: 2 }]).toMatchObject([{ a: 1 }]),
    () => expect([1, 2]).toMatchObject([1]),
  ],
  toBeUndefined: [() => expect(undefined).toBeUndefined(), () => expect(null).toBeUndefined()],
  toBeDefined: [() => expect(null).toBeDefined(), () => expect(undefined).toBeDefined()],
  toBeInstanceOf: [() => expect(new RangeError()).toBeInstanceOf(Error), () => expect({}).toBeInstanceOf(Error)],
  toHaveLength: [() => expect("ab").toHaveLength(2), () => expect([1]).toHaveLength(2)],
  toHaveProperty: [() => expect({ a: undefined }).toHaveProperty("a"), () => expect({}).toHaveProperty("a")],
  toBeLessThan: [() => expect(1).toBeLessThan(2), () => expect(2).toBeLessThan(2)],
  toBeLessThanOrEqual: [() => expect(2).toBeLessThanOrEqual(2), () => expect(3).toBeLessThanOrEqual(2)],
  toBeGreaterThan: [() => expect(3).toBeGreaterThan(2), () => expect(2).toBeGreaterThan(2)],
  toStartWith: [() => expect("ab").toStartWith("a"), () => expect("ab").toStartWith("b")],
  toEndWith: [() => expect("ab").toEndWith("b"), () => expect("ab").toEndWith("a")],
  toMatch: [() => expect("ab").toMatch(/^a/), () => expect("ab").toMatch(/^b/)],
  toContain: [() => expect([1, 2]).toContain(2), () => expect("ab").toContain("c")],
  toContainEqual: [
    () => expect([{ a: 1 }]).toContainEqual({ a: 1 }),
    () => expect([{ a: 1 }]).toContainEqual({ a: 2 }),
  ],
  toThrow: [() => expect(broken).toThrow(), () => expect(() => {}).toThrow()],
  "toThrow of a text": [() => expect(broken).toThrow("of"), () => expect(broken).toThrow("no")],
  "toThrow of an error": [
    () => expect(broken).toThrow(new RangeError("out of order")),
    () => expect(broken).toThrow(new RangeError("out")),
  ],
  "toThrow of a class": [() => expect(broken).toThrow(RangeError), () => expect(broken).toThrow(TypeError)],
  unreachable: [() => {}, () => expect.unreachable("reached")],
  stringContaining: [
    () => expect(["ab"]).toEqual([expect.stringContaining("b")]),
    () => expect("ab").toEqual(expect.stringContaining("c")),
  ],
  objectContaining: [
    () => equals({ a: 1, b: 2 }, expect.objectContaining({ a: 1 })),
    () => equals({ a: 1 }, expect.objectContaining({ b: 1 })),
  ],
};

describe("expect() holds and fails:", () => {
  test.each(Object.entries(PAIRS))("%s", (_, [holds, not]) => {
    holds();
    if (!fails(not)) throw new Error("what is not so was let pass");
  });
});
