import { expect, test } from "bun:test";
import { decodeUtf8, encodeUtf8 } from "../../../src/base/utf8.ts";

test.each([
  ["", []],
  ["eth0", [0x65, 0x74, 0x68, 0x30]],
  ["\0\x7f", [0, 0x7f]],
  ["\x80\u07ff", [0xc2, 0x80, 0xdf, 0xbf]],
  ["\u0800\uffff", [0xe0, 0xa0, 0x80, 0xef, 0xbf, 0xbf]],
  ["\u{10000}\u{10ffff}", [0xf0, 0x90, 0x80, 0x80, 0xf4, 0x8f, 0xbf, 0xbf]],
])("encodeUtf8() and decodeUtf8() agree on %p", (text, bytes) => {
  expect(encodeUtf8(text)).toEqual(Uint8Array.from(bytes));
  expect(decodeUtf8(Uint8Array.from(bytes))).toBe(text);
});

test.each(["\ud800", "\udc00", "a\ud800", "\ud800a", "\udc00\ud800"])(
  "encodeUtf8(%p) writes U+FFFD for an unpaired surrogate",
  (text) => {
    expect(decodeUtf8(encodeUtf8(text))).toBe(text.replace(/[\ud800-\udfff]/g, "\ufffd"));
  },
);

test.each([
  ["a continuation without a lead", [0x80], 1],
  ["a lead without its continuation", [0xc3], 1],
  ["a lead before another character", [0xe2, 0x82, 0x41], 2],
  ["an overlong NUL", [0xc0, 0x80], 2],
  ["an overlong slash", [0xe0, 0x80, 0xaf], 3],
  ["a surrogate", [0xed, 0xa0, 0x80], 3],
  ["a point beyond Unicode", [0xf4, 0x90, 0x80, 0x80], 4],
  ["bytes that no character has", [0xfe, 0xff], 2],
])("decodeUtf8() makes U+FFFD of %s", (_, bytes, wrong) => {
  const text = decodeUtf8(Uint8Array.from(bytes));
  expect(text.replaceAll("\ufffd", "")).toBe(bytes.includes(0x41) ? "A" : "");
  expect(text.split("\ufffd")).toHaveLength(wrong + 1);
});
