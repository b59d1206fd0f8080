import { describe, expect, test } from "bun:test";
import { atLeast, compareVersions, familyOfVersion, isVersion, VERSIONS } from "../../../src/spec/versions.ts";
import { refusalOf } from "../../support/refusal.ts";

test("VERSIONS lists every release in order", () => {
  expect(VERSIONS.join(" ")).toBe("0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0");
  expect([...VERSIONS].sort(compareVersions)).toEqual([...VERSIONS]);
});

describe("compareVersions()", () => {
  test.each([
    ["0.4.0", "0.3.1", 1],
    ["0.10.0", "0.9.0", 1],
    ["1", "1.0.0", 0],
    ["1.1", "1.1.0", 0],
    ["", "0.1.0", 0],
    ["0.3.0", "1.0.0", -1],
  ])("orders %p and %p by number", (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
  });

  test("refuses more than three parts", () => {
    expect(refusalOf(() => compareVersions("1.0.0.0", "1.0.0"))).toEqual([
      6,
      'invalid version "1.0.0.0": too many parts',
    ]);
  });

  test.each(["1.x", "1..0", "1.0.0-rc1", " 1", "0x1", "."])("refuses %p, which is no list of numbers", (text) => {
    expect(refusalOf(() => compareVersions(text, "1.0.0"))[0]).toBe(6);
  });
});

test("atLeast() includes the version itself", () => {
  expect([atLeast("0.4.0", "0.4.0"), atLeast("0.3.1", "0.4.0"), atLeast("1.1.0", "0.4.0")]).toEqual([
    true,
    false,
    true,
  ]);
});

test("isVersion() compares exactly", () => {
  expect([isVersion("1.0.0"), isVersion("1.0"), isVersion("9.9.9"), isVersion("")]).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

test("familyOfVersion() groups versions by the shape of their results", () => {
  expect(familyOfVersion("0.2.0")).toEqual(["0.1.0", "0.2.0"]);
  expect(familyOfVersion("0.3.1")).toEqual(["0.3.0", "0.3.1", "0.4.0"]);
  expect(familyOfVersion("1.1.0")).toEqual(["1.0.0", "1.1.0"]);
});
