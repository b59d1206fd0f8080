/** What the build makes of the unfinished executable: the same everywhere, from recorded answers that go with the program. */
import { expect } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { built, needs } from "../support/needs.ts";

const ROOT = join(import.meta.dir, "../..");
const TARGETS = join(ROOT, "runtime/target");

/** The unfinished executable that dist/bin/berth was made from. */
function unfinished(): string {
  const triple = readdirSync(TARGETS).find((name) => name.endsWith("-linux-musl") || name.endsWith("-linux-gnu"));
  return join(TARGETS, triple ?? "none", "release/berth");
}

/** finish.mjs, run by `command`: the hash of what it makes, and what failed in training. */
function finished(command: readonly string[], env: Record<string, string> = {}) {
  const script = `
    import { createHash } from "node:crypto";
    import { finish } from ${JSON.stringify(join(ROOT, "scripts/training/finish.mjs"))};
    import { train } from ${JSON.stringify(join(ROOT, "scripts/training/train.mjs"))};
    const { executable, failures } = finish(process.argv[1], train);
    console.log(JSON.stringify({ hash: createHash("sha256").update(executable).digest("hex"), failures }));`;
  const { stdout, stderr } = Bun.spawnSync([...command, "node", "--input-type=module", "-e", script, unfinished()], {
    env: { PATH: process.env.PATH ?? "", ...env },
  });
  expect(stderr.toString()).toBe("");
  return JSON.parse(stdout.toString());
}

needs(built)("the training's answers go with what berth asks (else: npm run record)", () => {
  expect(finished([]).failures).toEqual([]);
});

needs(built)("the executable is the same wherever and whenever it is finished", () => {
  const hash = new Bun.CryptoHasher("sha256");
  hash.update(readFileSync(join(ROOT, "dist/bin/berth")));
  const directory = mkdtempSync(join(tmpdir(), "elsewhere-with-a-longer-name-"));
  try {
    const elsewhere = finished(["prlimit", "--stack=1048576"], { TMPDIR: directory, MORE: "x".repeat(50_000) });
    expect(elsewhere.hash).toBe(hash.digest("hex"));
  } finally {
    rmSync(directory, { recursive: true });
  }
});
