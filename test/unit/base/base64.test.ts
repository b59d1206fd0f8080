import { expect, test } from "bun:test";
import { decodeBase64, decodeBase64Bytes, encodeBase64 } from "../../../src/base/base64.ts";

test("decodeBase64() gives the text of any length, and of UTF-8", () => {
  for (const text of ["", "a", "ab", "abc", "abcd", '{"name":"é€😀"}']) {
    expect(decodeBase64(Buffer.from(text).toString("base64"))).toBe(text);
  }
});

test("decodeBase64() refuses what is none", () => {
  for (const text of ["a", "ab=c", "a===", "ab!d", "YQ=", "YQ"]) expect(decodeBase64(text)).toBeUndefined();
});

test("encodeBase64() is undone by decodeBase64Bytes(), whatever the bytes", () => {
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 37 + length * 11) & 255);
    expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
    expect(decodeBase64Bytes(encodeBase64(bytes))).toEqual(bytes);
  }
});
