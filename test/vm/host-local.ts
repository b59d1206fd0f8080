/** host-local alone: what it answers and what is in its directory, beside the reference's. */
import { expect } from "bun:test";
import type { Script } from "../support/vm/script.ts";
import type { Feature, Seen } from "./feature.ts";
import { call, conf, prepare, type Scenario, SIDES, type Side } from "./sides.ts";

const KEY = "leases";
const ONE = conf(KEY, {
  cniVersion: "1.1.0",
  type: "host-local",
  ipam: {
    type: "host-local",
    ranges: [[{ subnet: "10.77.0.0/24", rangeEnd: "10.77.0.3" }], [{ subnet: "fd00:77::/64" }]],
    routes: [{ dst: "0.0.0.0/0" }],
  },
});
const SCENARIO: Scenario = { key: KEY, confs: { a: ONE, b: ONE, c: ONE } };

/** Verbs, containers, and how they end: two addresses are there for three containers. */
const ACTS = [
  ["STATUS", "a", 0],
  ["ADD", "a", 0],
  ["ADD", "b", 0],
  ["ADD", "c", 1],
  ["CHECK", "a", 0],
  ["DEL", "a", 0],
  ["DEL", "a", 0],
  ["CHECK", "b", 0],
  ["GC", "b", 0],
  ["ADD", "c", 0],
  ["DEL", "c", 0],
] as const;

const step = (side: Side, index: number) => `${KEY}/${side}/${index}`;

function steps(all: Script): void {
  for (const side of SIDES) {
    prepare(all, side, SCENARIO);
    for (const [index, [verb, container]] of ACTS.entries()) {
      const valid = verb === "GC" ? { "cni.dev/valid-attachments": [] } : {};
      call(all, side, verb, KEY, container, { ...ONE, ...valid }, step(side, index));
      if (index > 0) all.step(`${step(side, index)}/files`, `cd /var/${KEY}-${side}/labnet && head -n9 *`);
    }
  }
}

function tests({ test, of }: Seen): void {
  test.each(ACTS.map(([verb, container, status], index) => [index, verb, container, status] as const))(
    "%d: %s of %s ends with %d",
    (index, _verb, _container, status) => {
      const seen = SIDES.map((side) => {
        const { stdout, ...ended } = of(step(side, index));
        const files = index > 0 ? of(`${step(side, index)}/files`).stdout.replaceAll("\r", "") : "";
        return { ...ended, files, result: status === 0 && stdout !== "" ? JSON.parse(stdout) : undefined };
      });
      expect(seen[0]?.status).toBe(status);
      expect(seen[0]).toEqual(seen[1]);
    },
  );
}

export const hostLocal: Feature = { title: "host-local", steps, tests };
