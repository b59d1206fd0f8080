/** That the tests of the pure layers run in the engine of the plugins, and that their `expect` can fail there. */
import { describe, expect, test } from "bun:test";

const inQuickJs = test.skipIf("Bun" in globalThis);

inQuickJs.each(["TextDecoder", "TextEncoder", "Intl", "structuredClone", "setTimeout", "console", "process", "Buffer", "Bun"])(
  "the engine has no %s",
  (name) => expect(name in globalThis).toBe(false),
);

/** Whether the assertion failed. */
function fails(assertion: () => void): boolean {
  try {
    assertion();
    return false;
  } catch {
    return true;
  }
}

const bytes = (...values: number[]) => Uint8Array.from(values);
const broken = () => {
  throw new RangeError("out of order");
};

/** One assertion that holds and one that does not. */
const PAIRS: Record<string, [holds: () => void, not: () => void]> = {
  toBe: [() => expect(Number.NaN).toBe(Number.NaN), () => expect(bytes(1)).toBe(bytes(1))],
  "toBe of zeros": [() => expect(0).toBe(0), () => expect(-0).toBe(0)],
  not: [() => expect(1).not.toBe(2), () => expect(1).not.toBe(1)],
  toEqual: [() => expect({ a: [1, { b: undefined }] }).toEqual({ a: [1, {}] }), () => expect({ a: 1 }).toEqual({ a: 1, b: 2 })],
  "toEqual of more than expected": [() => expect([1]).toEqual([1]), () => expect({ a: 1, b: 2 }).toEqual({ a: 1 })],
  "toEqual of arrays": [() => expect([undefined]).toEqual([undefined]), () => expect([1, undefined]).toEqual([1])],
  "toEqual of bytes": [() => expect(bytes(1, 2)).toEqual(bytes(1, 2)), () => expect(bytes(1, 2)).toEqual(bytes(1, 3))],
  "toEqual of bytes and numbers": [() => expect([1]).toEqual([1]), () => expect(bytes(1)).toEqual([1] as never)],
  "toEqual of errors": [() => expect(new Error("a")).toEqual(new Error("a")), () => expect(new Error("a")).toEqual(new Error("b"))],
  "toEqual of maps": [() => expect(new Map([[1, 2]])).toEqual(new Map([[1, 2]])), () => expect(new Map([[1, 2]])).toEqual(new Map([[1, 3]]))],
  "toEqual of sets": [() => expect(new Set([1])).toEqual(new Set([1])), () => expect(new Set([1])).toEqual(new Set([2]))],
  toMatchObject: [() => expect({ a: 1, b: 2 }).toMatchObject({ a: 1 }), () => expect({ a: 1 }).toMatchObject({ a: 1, b: 2 })],
  "toMatchObject of arrays": [() => expect([{ a: 1, b: 2 }]).toMatchObject([{ a: 1 }]), () => expect([1, 2]).toMatchObject([1])],
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
  toContainEqual: [() => expect([{ a: 1 }]).toContainEqual({ a: 1 }), () => expect([{ a: 1 }]).toContainEqual({ a: 2 })],
  toThrow: [() => expect(broken).toThrow(), () => expect(() => {}).toThrow()],
  "toThrow of a text": [() => expect(broken).toThrow("of"), () => expect(broken).toThrow("no")],
  "toThrow of an error": [() => expect(broken).toThrow(new RangeError("out of order")), () => expect(broken).toThrow(new RangeError("out"))],
  "toThrow of a class": [() => expect(broken).toThrow(RangeError), () => expect(broken).toThrow(TypeError)],
  unreachable: [() => {}, () => expect.unreachable("reached")],
  stringContaining: [() => expect(["ab"]).toEqual([expect.stringContaining("b")]), () => expect("ab").toEqual(expect.stringContaining("c"))],
  objectContaining: [
    () => expect({ a: 1, b: 2 }).toEqual(expect.objectContaining({ a: 1 })),
    () => expect({ a: 1 }).toEqual(expect.objectContaining({ b: 1 })),
  ],
};

describe("expect() holds and fails:", () => {
  test.each(Object.entries(PAIRS))("%s", (_, [holds, not]) => {
    holds();
    if (!fails(not)) throw new Error("what is not so was let pass");
  });
});
