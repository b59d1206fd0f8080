import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatTime } from "../../../src/base/rfc3339.ts";

const YEAR_9999 = Date.UTC(9999, 11, 31);

test("formatTime() writes times as Date does", () => {
  for (const time of [
    0,
    999,
    Date.UTC(2000, 1, 29),
    Date.UTC(2024, 1, 29, 23, 59, 59, 999),
    Date.UTC(2100, 2, 1) - 1,
  ]) {
    expect(formatTime(time)).toBe(new Date(time).toISOString());
  }
  const time = fc.integer({ min: 0, max: YEAR_9999 });
  fc.assert(fc.property(time, (time) => formatTime(time) === new Date(time).toISOString()));
  expect(formatTime(1.75)).toBe("1970-01-01T00:00:00.001Z");
});
