import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { flawOf, mended, placeOf } from "../../../../src/tool/doctor/text/json-flaw.ts";

describe("flawOf() finds nothing in what JSON.parse takes, and something in what it refuses", () => {
  test("of any JSON, also after one character was lost, doubled or replaced", () => {
    const damaged = fc.tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom("lose", "double", "replace"),
      fc.constantFrom(...'{}[],:"0x '),
    );
    fc.assert(
      fc.property(damaged, ([json, at, how, other]) => {
        const i = at % (json.length || 1);
        const middle = how === "lose" ? "" : how === "double" ? (json[i] ?? "").repeat(2) : other;
        const text = json.slice(0, i) + middle + json.slice(i + 1);
        expect(flawOf(json)).toBeUndefined();
        expect(flawOf(text) === undefined).toBe(parses(text));
      }),
      { numRuns: 500 },
    );
  });

  test.each(["{}", "[1, -0.5e+3, true, false, null]", '{"a": "\\u00e9\\n"}', " \n[]\t"])("%s", (text) => {
    expect(flawOf(text)).toBeUndefined();
  });
});

test.each([
  ['{"a": 1,\n}', 1, 8, "no comma may stand before }", '{"a": 1\n}'],
  ['{"a": 1\n "b": 2}', 2, 2, "a comma or } is missing", '{"a": 1,\n "b": 2}'],
  ['{"a" 1}', 1, 6, "a colon is missing after the key", '{"a": 1}'],
  ['{"a": 1 // one\n}', 1, 9, "JSON has no comments", '{"a": 1 \n}'],
  ['{"a": {"b": 1}', 1, 15, "the text ends, and } is missing for what line 1 begins", '{"a": {"b": 1}}'],
  ['{"a": 1,, "b": 2}', 1, 9, "one comma too many", '{"a": 1, "b": 2}'],
  ["{'a': 1}", 1, 2, 'a key between "double quotes" is missing', undefined],
  ['{"a": tru}', 1, 7, '"t" begins no value: a text stands between "double quotes"', undefined],
  ['{"a": "x\n"}', 1, 7, "the text that begins here has no closing quote", undefined],
])("flawOf(%j) is at %d:%d", (text, line, column, why, better) => {
  const flaw = flawOf(text);
  expect(flaw?.why).toBe(why);
  expect(placeOf(text, flaw?.at ?? -1)).toEqual({ line, column });
  expect(mended(text)).toBe(better as string);
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
