import { expect, test } from "bun:test";
import { type CallStep, type Case, versionOf } from "../../differential/case.ts";
import type { Outcome } from "../../differential/compare.ts";
import { Coverage } from "../../differential/coverage.ts";

test.each([
  [{ cniVersion: "1.0.0" }, "1.0.0"],
  [{ CNIVERSION: "0.4.0" }, "0.4.0"],
  // As Go reads it: the last one counts, and null is nothing.
  [{ CNIVERSION: "0.4.0", cniVersion: "1.1.0" }, "1.1.0"],
  [{ cniVersion: "1.1.0", CNIVERSION: null }, "1.1.0"],
  [{ cniVersion: "" }, "0.1.0"],
  [{ cniVersion: undefined, name: "net" }, "0.1.0"],
  [{ name: "net" }, "0.1.0"],
  [{ cniVersion: 1 }, "1"],
])("versionOf(%j) is %s", (conf, version) => {
  expect(versionOf(conf)).toBe(version);
});

test("Coverage counts a CHECK by its effective version, whatever the key's letter case", () => {
  const step = { verb: "CHECK", guest: 0 } as CallStep;
  const one: Case = { plugin: "bridge", conf: { CNIVERSION: "0.4.0" }, before: [], steps: [step] };
  const good = { status: 0 } as Outcome["answers"][number]["berth"];
  const coverage = new Coverage();
  coverage.add(one, { taken: [step], answers: [{ step, berth: good, reference: good }], classes: new Set() });
  expect(coverage.tally.checks).toEqual({ "0.4.0": 1 });
  expect(coverage.tally.versions).toEqual({ "0.4.0": 1 });
  expect(coverage.report(1, 1)).not.toContain("undefined");
});
