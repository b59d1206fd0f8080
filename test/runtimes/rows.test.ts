import { describe, expect } from "bun:test";
import { needs } from "../support/needs.ts";
import { tryRow } from "./outcome.ts";
import { ROWS } from "./rows.ts";

/** A sample of `npm run runtimes`: a pod's life, what a kill and a reboot leave, and the verbs of CNI 1.1. */
const SAMPLE = [
  "cri-v1-01-pod",
  "cri-v1-01-killed-after-alone",
  "cri-v1-01-reboot",
  "podman-09-life",
  "podman-09-reboot",
  "libcni-01-verbs",
];

const rows = SAMPLE.flatMap((id) => ROWS.filter((row) => row.id === id));

describe("a runtime", () => {
  for (const row of rows)
    needs(...row.needs)(`${row.runtime}, ${row.list}: ${row.flow}`, async () => {
      const { steps, left } = await tryRow(row, "berth");
      expect(steps.filter(([, outcome]) => outcome !== "ok")).toEqual([]);
      expect(steps.length).toBeGreaterThan(3);
      expect(left).toEqual([]);
    });
});
