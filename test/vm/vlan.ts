/** "vlan", "vlanTrunk" and "preserveDefaultVlan" on a kernel that has them, against the reference's plugins. */
import { expect } from "bun:test";
import type { Feature } from "./feature.ts";
import { outcome, play, SIDES } from "./sides.ts";
import { SCENARIOS } from "./vlan-scenarios.ts";

export const vlan: Feature = {
  title: "VLANs as the reference",
  steps: (all) => {
    for (const scenario of SCENARIOS) for (const side of SIDES) play(all, side, scenario);
  },
  tests: ({ test, ...seen }) => {
    test.each(SCENARIOS.map((scenario) => [scenario.key, scenario] as const))("%s", (_, scenario) => {
      const [ours, theirs] = SIDES.map((side) => outcome(seen, side, scenario));
      expect(ours).toEqual(theirs);
    });
  },
};
