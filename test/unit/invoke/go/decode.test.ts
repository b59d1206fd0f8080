import { describe, expect, test } from "bun:test";
import {
  anyObject,
  bool,
  decodeAs,
  int,
  list,
  mapOf,
  selfDecoding,
  struct,
  text,
  uint,
} from "../../../../src/invoke/go/decode.ts";

const inner = struct("types.Inner", { name: text, port: int });
const held = selfDecoding(struct("types.held", { size: int }));
const outer = struct("types.Outer", {
  name: text,
  on: bool,
  code: uint,
  flags: mapOf(bool, "map[string]bool"),
  words: list(text, "[]string"),
  inner,
  held: list(held, "[]types.Held"),
  any: anyObject,
});

describe("decodeAs()", () => {
  test("finds names in any case, the later one wins, and null leaves a member alone", () => {
    expect(
      decodeAs(outer, { NAME: "a", Name: "b", name: null, ſame: 1, unknown: {}, INNER: { ſ: 1, PORT: 2 } }),
    ).toEqual({
      value: { name: "b", inner: { port: 2 } },
    });
    expect(decodeAs(struct("S", { set: int }), { ſet: 3 }).value).toEqual({ set: 3 });
  });

  const errors = [
    [{ name: 1 }, "json: cannot unmarshal number into Go struct field Outer.name of type string"],
    [{ on: "a" }, "json: cannot unmarshal string into Go struct field Outer.on of type bool"],
    [{ code: -1 }, "json: cannot unmarshal number -1 into Go struct field Outer.code of type uint"],
    [{ flags: { a: [] } }, "json: cannot unmarshal array into Go struct field Outer.flags of type bool"],
    [{ flags: [] }, "json: cannot unmarshal array into Go struct field Outer.flags of type map[string]bool"],
    [{ words: {} }, "json: cannot unmarshal object into Go struct field Outer.words of type []string"],
    [{ words: ["a", true] }, "json: cannot unmarshal bool into Go struct field Outer.words of type string"],
    [{ inner: 1 }, "json: cannot unmarshal number into Go struct field Outer.inner of type types.Inner"],
    [{ inner: { port: 1.5 } }, "json: cannot unmarshal number 1.5 into Go struct field Inner.inner.port of type int"],
    [{ held: [{ size: "a" }] }, "json: cannot unmarshal string into Go struct field Outer.held.size of type int"],
    [[], "json: cannot unmarshal array into Go value of type types.Outer"],
  ] as const;
  for (const [value, words] of errors) {
    test(`refuses ${JSON.stringify(value)} in Go's words`, () => {
      expect(decodeAs(outer, value).error?.message).toBe(words);
    });
  }

  test("gives the first error, and what else could be decoded", () => {
    const { value, error } = decodeAs(outer, { name: 1, on: 2, code: 7 });
    expect(error?.message).toContain("Outer.name");
    expect(value).toEqual({ code: 7 });
  });
});
