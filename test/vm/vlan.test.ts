/** "vlan", "vlanTrunk" and "preserveDefaultVlan" on a kernel that has them, against the reference's plugins. */
import { describe, expect } from "bun:test";
import { built, isMet, needs, reference } from "../support/needs.ts";
import { virtualMachine } from "../support/vm/machine.ts";
import { script } from "../support/vm/script.ts";
import { outcome, PRELUDE, play, SIDES } from "./sides.ts";
import { SCENARIOS } from "./vlan-scenarios.ts";

const NEEDS = [built, reference, virtualMachine];
const need = needs(...NEEDS);

async function transcriptOf() {
  const all = script(PRELUDE);
  for (const scenario of SCENARIOS) for (const side of SIDES) play(all, side, scenario);
  const transcript = await all.run();
  console.log(`Linux ${transcript.release} in a virtual machine: ${transcript.seconds.toFixed(1)} s`);
  return transcript;
}

const transcript = NEEDS.every(isMet) ? await transcriptOf() : undefined;

describe("bridge/ADD and DEL with VLANs leave the kernel as the reference's do", () => {
  need.each(SCENARIOS.map((scenario) => [scenario.key, scenario] as const))("%s", (_, scenario) => {
    if (!transcript) return expect.unreachable();
    const [ours, theirs] = SIDES.map((side) => outcome(transcript, side, scenario));
    expect(ours).toEqual(theirs);
  });
});
