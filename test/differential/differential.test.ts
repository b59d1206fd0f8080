/** The differential run, as long as CI has time for; `npm run differential` is the whole of it. */
import { expect } from "bun:test";
import { join } from "node:path";
import { built, can, namespaces, needs, nftables, reference } from "../support/needs.ts";

const iptables = can("root and iptables", "iptables", "-t", "nat", "-S");

/** Cases are begun for so long, in seconds. */
const SECONDS = 45;

/** With so many cases no key is left out. */
const ALL_KEYS = 500;

needs(
  namespaces,
  built,
  nftables,
  iptables,
  reference,
)(`generated cases end alike with berth and the reference, for ${SECONDS} s`, async () => {
  const words = `--seed 47 --count 2000 --jobs 2 --seconds ${SECONDS}`;
  const run = Bun.spawn([process.execPath, join(import.meta.dir, "run.ts"), ...words.split(" ")], {
    stdout: "pipe",
    stderr: "pipe",
  });
  const [report, failures] = await Promise.all([run.stdout.text(), run.stderr.text()]);
  await run.exited;
  console.log(report);
  expect(failures).toBe("");
  expect(report).toContain("unexplained: 0");
  // How many cases a busy machine comes to in this time is not berth's affair; the whole run must have seen every key.
  const cases = Number(/, (\d+) cases/.exec(report)?.[1]);
  expect(cases).toBeGreaterThan(0);
  if (cases < ALL_KEYS) return;
  expect(report).toContain("never generated: nothing");
  expect(run.exitCode).toBe(0);
});
