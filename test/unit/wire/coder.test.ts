import { describe, expect, test } from "bun:test";
import { bytes, type Coder, cstr, i32, i32be, ip, u8, u16, u16be, u32, u32be, u64be } from "../../../src/wire/coder.ts";
import { DecodeError, Reader, Writer } from "../../../src/wire/cursor.ts";
import { hex } from "../../support/hex.ts";

function encode<T>(coder: Coder<T>, value: T): Uint8Array {
  const w = new Writer();
  coder.encode(w, value);
  return w.finish();
}

const decode = <T>(coder: Coder<T>, text: string): T => coder.decode(new Reader(hex(text)));

// biome-ignore lint/suspicious/noExplicitAny: rows of every type
const ROWS: [name: string, coder: Coder<any>, value: unknown, text: string][] = [
  ["u8", u8, 0xfe, "fe"],
  ["u16", u16, 0xfffe, "fe ff"],
  ["u16be", u16be, 0xfffe, "ff fe"],
  ["u32", u32, 0xfffffffe, "fe ff ff ff"],
  ["u32be", u32be, 0xfffffffe, "ff ff ff fe"],
  ["i32", i32, -2, "fe ff ff ff"],
  ["i32be", i32be, -2, "ff ff ff fe"],
  ["u64be", u64be, 2 ** 53 - 1, "00 1f ff ff ff ff ff ff"],
  ["u64be", u64be, 0x100000000, "00 00 00 01 00 00 00 00"],
  ["cstr", cstr, "eth0", "65 74 68 30 00"],
  ["cstr", cstr, "é", "c3 a9 00"],
  ["cstr", cstr, "", "00"],
  ["bytes", bytes, hex("01 02"), "01 02"],
  ["ip", ip, hex("0a 01 02 03"), "0a 01 02 03"],
  ["ip", ip, new Uint8Array(16), "00 ".repeat(16)],
];

test.each(ROWS)("%s codes both ways", (_, coder, value, text) => {
  expect(encode(coder, value)).toEqual(hex(text));
  expect(decode(coder, text)).toEqual(value);
});

test("u64be refuses what a number cannot hold", () => {
  expect(() => decode(u64be, "00 20 00 00 00 00 00 00")).toThrow(DecodeError);
});

describe("cstr", () => {
  test("ends at the first NUL", () => expect(decode(cstr, "61 00 62 00")).toBe("a"));
  test("does without one", () => expect(decode(cstr, "61 62")).toBe("ab"));
  test("may be empty", () => expect(decode(cstr, "")).toBe(""));
});

test.each([0, 3, 5, 8, 15, 17])("ip refuses %d bytes", (length) => {
  expect(() => decode(ip, "01 ".repeat(length))).toThrow(new DecodeError(`an address of ${length} bytes`));
});
