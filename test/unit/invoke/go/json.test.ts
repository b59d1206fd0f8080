import { describe, expect, test } from "bun:test";
import { compareBytes, encodeJson, inOwnOrder, parseJson, sorted, typeOfJson } from "../../../../src/invoke/go/json.ts";

describe("encodeJson() writes as Go's encoding/json", () => {
  test("members sorted by bytes, HTML escaped, numbers as 64-bit floats", () => {
    const value = parseJson(
      '{"b":1e21,"a":123456789012345678901,"\\uff5e":1,"\\ud83d\\ude00":2,"B":1.0,"z":1e-7,"y":-0}',
    );
    expect(encodeJson(value)).toBe(
      '{"B":1,"a":123456789012345680000,"b":1e+21,"y":-0,"z":1e-7,"\uff5e":1,"\u{1f600}":2}',
    );
    expect(encodeJson(parseJson('{"a":"<&>\\u2028\\u2029\\u0001\\u007f/\\b\\f"}'))).toBe(
      '{"a":"\\u003c\\u0026\\u003e\\u2028\\u2029\\u0001\u007f/\\b\\f"}',
    );
  });

  test("half a surrogate pair becomes U+FFFD, in names too", () => {
    expect(encodeJson(parseJson('{"a\\udc00":"\\ud800x"}'))).toBe('{"a\ufffd":"\ufffdx"}');
  });

  test("keeps a member __proto__ and leaves out what is undefined", () => {
    expect(encodeJson(parseJson('{"__proto__":{"a":1}}'))).toBe('{"__proto__":{"a":1}}');
    expect(encodeJson({ b: undefined, a: [null, true] })).toBe('{"a":[null,true]}');
  });

  test("its own order where it is asked for, and sorted again inside", () => {
    expect(encodeJson(inOwnOrder({ b: 1, a: [{ d: 1, c: 2 }], e: sorted({ g: 1, f: 2 }) }))).toBe(
      '{"b":1,"a":[{"d":1,"c":2}],"e":{"f":2,"g":1}}',
    );
  });
});

/** Said by Go 1.26's json.Unmarshal into a map. */
const FLAWS = [
  ["", "unexpected end of JSON input"],
  ['{"a":1', "unexpected end of JSON input"],
  ["{", "unexpected end of JSON input"],
  ["nul", "invalid character ' ' in literal null (expecting 'l')"],
  ["-", "invalid character ' ' in numeric literal"],
  ['"\\', "invalid character ' ' in string escape code"],
  ['"a', "unexpected end of JSON input"],
  ["é", "invalid character 'Ã' looking for beginning of value"],
  ["nulk", "invalid character 'k' in literal null (expecting 'l')"],
  ["{a:1}", "invalid character 'a' looking for beginning of object key string"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
  ["[1 2]", "invalid character '2' after array element"],
  ["[1,]", "invalid character ']' looking for beginning of value"],
  ["{} x", "invalid character 'x' after top-level value"],
  ["'a'", "invalid character '\\'' looking for beginning of value"],
  ['"a\nb"', "invalid character '\\n' in string literal"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
  ["01", "invalid character '1' after top-level value"],
  ["-a", "invalid character 'a' in numeric literal"],
  ["1.x", "invalid character 'x' after decimal point in numeric literal"],
  ["1ex", "invalid character 'x' in exponent of numeric literal"],
  ["\ufeff{}", "invalid character 'ï' looking for beginning of value"],
  ['[1e400, "1e500"]', "json: cannot unmarshal number 1e400 into Go value of type float64"],
] as const;

describe("parseJson()", () => {
  for (const [text, words] of FLAWS) {
    test(`says of ${JSON.stringify(text)} what Go says`, () => expect(() => parseJson(text)).toThrow(words));
  }

  test("says where", () => {
    const offsetOf = (text: string): number => {
      try {
        parseJson(text);
      } catch (error) {
        return (error as { offset: number }).offset;
      }
      return -1;
    };
    expect(offsetOf('{"é": 1,}')).toBe(9);
    expect(offsetOf('["1e999", 1e999]')).toBe(10);
  });
});

test("compareBytes() is the order of UTF-8", () => {
  const names = ["\u{1f600}", "\uff5e", "b", "a", "aa", ""];
  expect(names.toSorted(compareBytes)).toEqual(
    names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  );
});

test("typeOfJson() is Go's %T", () => {
  expect([null, [], {}, 1, true, "a"].map(typeOfJson)).toEqual([
    "<nil>",
    "[]interface {}",
    "map[string]interface {}",
    "float64",
    "bool",
    "string",
  ]);
});
