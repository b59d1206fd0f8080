/** Each feature on each kernel (BERTH_VM, see test/support/vm/kernel.ts): one machine for a kernel, whose steps the tests read. */
import { describe } from "bun:test";
import { isMet, needs } from "../support/needs.ts";
import { type Kernel, kernels } from "../support/vm/kernel.ts";
import { bootable } from "../support/vm/machine.ts";
import { script, type Transcript } from "../support/vm/script.ts";
import type { Seen } from "./feature.ts";
import { FEATURES } from "./features.ts";
import { PRELUDE } from "./sides.ts";

async function run(kernel: Kernel): Promise<Transcript> {
  const all = script(PRELUDE);
  all.step("page", "sed -n 's/^KernelPageSize: *//p' /proc/self/smaps | head -n1");
  for (const feature of FEATURES) feature.steps(all);
  const transcript = await all.run(kernel);
  const { release, steps, seconds } = transcript;
  const page = transcript.of("page").stdout;
  console.log(`Linux ${kernel.name} is ${release}, pages of ${page}: ${steps} steps in ${seconds.toFixed(1)} s`);
  return transcript;
}

/** Boots it if it is there; what goes wrong is for each of its tests to say. */
async function seenOn(kernel: Kernel): Promise<Seen> {
  const need = bootable(kernel);
  const ran = isMet(need) ? await run(kernel).catch((error: Error) => error) : new Error("not booted");
  const transcript = (): Transcript => {
    if (ran instanceof Error) throw ran;
    return ran;
  };
  return { test: needs(need), of: (key) => transcript().of(key), json: (key) => transcript().json(key) };
}

for (const kernel of kernels()) {
  const seen = await seenOn(kernel);
  describe(`Linux ${kernel.name}`, () => {
    for (const { title, tests } of FEATURES) describe(title, () => tests(seen));
  });
}
