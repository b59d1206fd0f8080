import { expect, test } from "bun:test";
import { brief } from "../../../src/spec/quote.ts";

test.each(
  [
    "short",
    'quo"ted',
    5,
    true,
    null,
    [],
    {},
    [1, "a", [true, null]],
    { a: { b: [1, 2] }, c: "d", "": {} },
    "x".repeat(78),
    "x".repeat(79),
    ["x".repeat(100), 1],
    { ["k".repeat(100)]: 1 },
    Array.from({ length: 100 }, (_, i) => ({ i })),
    [[[["\n".repeat(100)]]], 2],
  ].map((value) => [value]),
)("brief() is the beginning of the JSON of %j", (value: unknown) => {
  const json = JSON.stringify(value);
  for (const limit of [1, 2, 3, 7, 40, 80]) {
    expect(brief(value, limit)).toBe(json.length > limit ? `${json.slice(0, limit)}…` : json);
  }
});

test("brief() takes a value of any depth", () => {
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = i % 2 ? [deep] : { a: deep };
  expect(brief(deep)).toStartWith('[{"a":[{"a":[');
});
