import { describe, expect, test } from "bun:test";
import { fnv1a } from "../../../src/base/hash.ts";

describe("fnv1a()", () => {
  // Test vectors of the authors (isthe.com/chongo, FNV-1a 32 bit).
  test.each([
    ["", 0x811c9dc5],
    ["a", 0xe40c292c],
    ["foobar", 0xbf9cf968],
  ])("of %p", (text, hash) => expect(fnv1a(text)).toBe(hash));

  test("continues from a seed", () => {
    expect(fnv1a("bar", fnv1a("foo"))).toBe(fnv1a("foobar"));
  });

  test("is over UTF-8 bytes", () => {
    const byBytes = [0xc3, 0xa9].reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 0x811c9dc5) >>> 0;
    expect(fnv1a("é")).toBe(byBytes);
  });
});
