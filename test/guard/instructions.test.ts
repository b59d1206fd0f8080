import { describe, expect, test } from "bun:test";
import { BIN, isMet, namespaces, needs } from "../support/needs.ts";
import { countAll, KERNEL_NAMES, NAMES, recordedKind, valgrind } from "./instructions.ts";
import { BELOW, compared, complaint, recorded } from "./record.ts";

const able = [valgrind, recordedKind];
const guarded = needs(...able);
const guardedInKernel = needs(...able, namespaces);
const counts = able.every(isMet) ? countAll(BIN, isMet(namespaces)) : {};

describe("instructions", () => {
  const records = recorded();
  for (const name of [...NAMES, ...KERNEL_NAMES]) {
    const record = records[name] ?? 0;
    (NAMES.includes(name) ? guarded : guardedInKernel)(`${name} executes at most 5 % more than recorded`, () => {
      const count = counts[name] ?? Number.POSITIVE_INFINITY;
      if (count < record * (1 - BELOW)) console.log(`${compared(name, count, record)}: npm run guard -- --record`);
      expect(complaint(name, count, record)).toBeUndefined();
    });
  }
});

describe("complaint()", () => {
  test("is silent up to 5 % above the record, and below it", () => {
    expect(complaint("X", 1_050_000, 1_000_000)).toBeUndefined();
    expect(complaint("X", 500_000, 1_000_000)).toBeUndefined();
  });

  test("says by how much a count is above the record, and what to do", () => {
    const text = complaint("X", 1_051_000, 1_000_000);
    expect(text).toContain("X: 1,051,000 instructions, 5.1 % above the record");
    expect(text).toContain("npm run guard -- --record");
  });

  test("asks for a record where there is none", () => {
    expect(complaint("X", 1, undefined)).toContain("not recorded yet");
  });
});
