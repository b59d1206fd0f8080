/** The differential run, as long as CI has time for; `npm run differential` is the whole of it. */
import { expect } from "bun:test";
import { join } from "node:path";
import { built, can, namespaces, needs, nftables, reference } from "../support/needs.ts";

const iptables = can("root and iptables", "iptables", "-t", "nat", "-S");

/** The first cases of one seed, in which no key is left out: each CI run does the same. */
const CASES = 250;

/** On a busy machine no more are begun after so long, in seconds. */
const SECONDS = 90;

needs(
  namespaces,
  built,
  nftables,
  iptables,
  reference,
)(`${CASES} generated cases end alike with berth and the reference`, async () => {
  const words = `--seed 205 --count ${CASES} --jobs 2 --seconds ${SECONDS}`;
  const run = Bun.spawn([process.execPath, join(import.meta.dir, "run.ts"), ...words.split(" ")], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [report, failures] = await Promise.all([run.stdout.text(), run.stderr.text()]);
  await run.exited;
  console.log(report);
  expect(failures).toBe("");
  expect(report).toContain("unexplained: 0");
  const cases = Number(/, (\d+) cases/.exec(report)?.[1]);
  expect(cases).toBeGreaterThan(0);
  if (cases < CASES) return;
  expect(report).toContain("never generated: nothing");
  expect(run.exitCode).toBe(0);
});
