/** A part of the differential run: `npm run differential` is the whole of it. */
import { expect } from "bun:test";
import { join } from "node:path";
import { built, can, namespaces, needs, nftables, reference } from "../support/needs.ts";

const iptables = can("root and iptables", "iptables", "-t", "nat", "-S");

/** The first cases of one seed, in which no key is left out: each CI run does the same, however long it takes. */
const SEED = 1112;
const CASES = 120;

needs(
  namespaces,
  built,
  nftables,
  iptables,
  reference,
)(`${CASES} generated cases end alike with berth and the reference`, async () => {
  const words = `--seed ${SEED} --count ${CASES} --jobs 2`;
  const run = Bun.spawn([process.execPath, join(import.meta.dir, "run.ts"), ...words.split(" ")], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [report, failures] = await Promise.all([run.stdout.text(), run.stderr.text()]);
  await run.exited;
  console.log(report);
  expect(failures).toBe("");
  expect(report).toContain("unexplained: 0");
  expect(report).toContain(`, ${CASES} cases, `);
  expect(report).toContain("never generated: nothing");
  expect(run.exitCode).toBe(0);
});
