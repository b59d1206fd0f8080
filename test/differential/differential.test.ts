/** A part of the differential run: `npm run differential` is the whole of it. */
import { expect } from "bun:test";
import { join } from "node:path";
import { built, can, namespaces, needs, nftables, reference } from "../support/needs.ts";

const iptables = can("root and iptables", "iptables", "-t", "nat", "-S");

/** The first cases of one seed, in which no key is left out: each CI run does the same, however long it takes. */
const SEED = 1112;
const CASES = 120;
/** Of lists of plugins. */
const CHAINS = 6;

const need = needs(namespaces, built, nftables, iptables, reference);

/** Runs the cases, of which none may be unexplained, and returns what is reported. */
async function reported(words: string, cases: number): Promise<string> {
  const run = Bun.spawn([process.execPath, join(import.meta.dir, "run.ts"), ...words.split(" ")], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [report, failures] = await Promise.all([run.stdout.text(), run.stderr.text()]);
  await run.exited;
  console.log(report);
  expect(failures).toBe("");
  expect(report).toContain("unexplained: 0");
  expect(report).toContain(`, ${cases} cases, `);
  expect(run.exitCode).toBe(0);
  return report;
}

need(`${CASES} generated cases end alike with berth and the reference`, async () => {
  const report = await reported(`--seed ${SEED} --count ${CASES} --jobs 2`, CASES);
  expect(report).toContain("never generated: nothing");
});

need(`${CHAINS} generated lists of plugins end alike with berth and the reference`, async () => {
  const report = await reported(`--chains --seed ${SEED} --count ${CHAINS} --jobs 2`, CHAINS);
  expect(report).toMatch(/different lists of plugins: [3-9]/);
});
