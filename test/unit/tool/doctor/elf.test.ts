import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { kindOf } from "../../../../src/tool/doctor/gather/elf.ts";

/** As `head -c 20` has it: ELF, 64 bits, byte order, …, type, machine. */
const elf = (order: number, ...machine: number[]) =>
  Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, order, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, ...machine);

test.each([
  ["x86-64", elf(1, 62, 0)],
  ["arm64", elf(1, 183, 0)],
  ["s390x, big-endian", elf(2, 0, 22)],
  ["machine 9999", elf(1, 0x0f, 0x27)],
  ["a script", new TextEncoder().encode("#!/bin/sh\n")],
])("kindOf() is %s", (kind, head) => {
  expect(kindOf(head)).toBe(kind);
});

test.each(["", "<html>", "\x7fELF"])("kindOf(%j) is no program", (text) => {
  expect(kindOf(new TextEncoder().encode(text))).toBeUndefined();
});

test("kindOf() says the same of this machine's programs", () => {
  const kinds = ["/bin/sh", process.execPath].map((path) =>
    kindOf(Uint8Array.from(readFileSync(path).subarray(0, 64))),
  );
  expect(kinds[0]).toBe(kinds[1]);
});
