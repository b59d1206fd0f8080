import { expect, test } from "bun:test";
import { dump, hex } from "../../support/hex.ts";

test("hex() reads bytes over lines and drops comments", () => {
  expect(hex("06 00 01 00 # IFLA_X ff\n\n  aB\tff\n# c0")).toEqual(Uint8Array.of(6, 0, 1, 0, 0xab, 0xff));
});

test("hex() refuses what is not a byte", () => {
  for (const text of ["0x06", "6", "006", "gg"]) expect(() => hex(text)).toThrow("is not a byte");
});

test("dump() is read back by hex()", () => {
  const bytes = Uint8Array.from({ length: 19 }, (_, i) => 13 * i);
  expect(dump(bytes).split("\n")).toHaveLength(3);
  expect(hex(dump(bytes))).toEqual(bytes);
});
