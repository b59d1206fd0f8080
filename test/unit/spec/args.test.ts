import { expect, test } from "bun:test";
import { parseArgs } from "../../../src/spec/args.ts";
import { refusal, refusalOf } from "../../support/refusal.ts";

test("parseArgs() gives the values of known keys", () => {
  expect([...parseArgs("MAC=02:00:00:00:00:01;IP=10.0.0.5", ["IP", "MAC"])]).toEqual([
    ["MAC", "02:00:00:00:00:01"],
    ["IP", "10.0.0.5"],
  ]);
});

test("parseArgs() gives nothing for an empty text and keeps an empty value", () => {
  expect(parseArgs("", ["IP"]).size).toBe(0);
  expect(parseArgs("IP=", ["IP"]).get("IP")).toBe("");
});

test.each([
  ["MAC=a;", ""],
  ["A=b=c", "A=b=c"],
  ["A", "A"],
])("parseArgs() refuses %p", (text, pair) => {
  expect(refusalOf(() => parseArgs(text, ["MAC", "A"]))).toEqual([4, `ARGS: invalid pair "${pair}"`]);
});

test("parseArgs() names the unknown pairs", () => {
  const error = refusal(() => parseArgs("FOO=1;IP=10.0.0.1;BAR=2", ["IP"]));
  expect([error.code, error.message]).toEqual([4, 'ARGS: unknown args ["FOO=1" "BAR=2"]']);
  expect(error.details).toContain("IgnoreUnknown=1");
});

test("parseArgs() compares keys with their case", () => {
  expect(refusalOf(() => parseArgs("mac=x", ["MAC"]))[1]).toBe('ARGS: unknown args ["mac=x"]');
});

test.each(["1", "true", "TRUE", "True"])(
  "parseArgs() ignores others after IgnoreUnknown=%s, wherever it is",
  (value) => {
    const args = parseArgs(`K8S_POD_NAME=p;IP=10.0.0.1;IgnoreUnknown=${value}`, ["IP"]);
    expect([...args]).toEqual([["IP", "10.0.0.1"]]);
  },
);

test("parseArgs() does not ignore others after IgnoreUnknown=0", () => {
  expect(refusalOf(() => parseArgs("IgnoreUnknown=0;A=1", []))[1]).toBe('ARGS: unknown args ["A=1"]');
});

test("parseArgs() refuses another value of IgnoreUnknown", () => {
  const message = 'ARGS: error parsing value of pair "IgnoreUnknown=x": boolean unmarshal error: invalid input x';
  expect(refusalOf(() => parseArgs("IgnoreUnknown=x", []))).toEqual([4, message]);
});
