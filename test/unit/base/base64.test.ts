import { expect, test } from "bun:test";
import { decodeBase64 } from "../../../src/base/base64.ts";

test("decodeBase64() gives the text of any length, and of UTF-8", () => {
  for (const text of ["", "a", "ab", "abc", "abcd", '{"name":"é€😀"}']) {
    expect(decodeBase64(Buffer.from(text).toString("base64"))).toBe(text);
  }
});

test("decodeBase64() refuses what is none", () => {
  for (const text of ["a", "ab=c", "a===", "ab!d", "YQ=", "YQ"]) expect(decodeBase64(text)).toBeUndefined();
});
