// The last step of the build (runtime/src/snapshot/mod.rs).

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What the image in the executable begins with, at a page: the build id follows (runtime/src/snapshot/mod.rs). */
const MARK = "berth: the snapshot starts here\n";

/** The executable with its build id: a hash of all the rest. */
function identified(executable) {
  let at = executable.indexOf(MARK);
  while (at >= 0 && at % 4096 !== 0) at = executable.indexOf(MARK, at + 1);
  if (at < 0) throw new Error("the executable has no place for its build id");
  createHash("sha256")
    .update(executable)
    .digest()
    .copy(executable, at + MARK.length, 0, 16);
  return executable;
}

/**
 * Finishes what cargo built: run once, it prints itself with a started engine in it, laid out by what `train` (train.mjs)
 * has it learn; the words of `runner` come before its path where it is another machine's. Returns the executable's bytes,
 * what failed in training, and how much of the memory for the snapshot is `used`; only the failures when there is too little
 * of that.
 */
export function finish(unfinished, train = () => [], runner = []) {
  const directory = mkdtempSync(join(tmpdir(), "berth-training-"));
  try {
    const trained = join(directory, "trained");
    const failures = train(unfinished, directory, trained, runner);
    const env = { BERTH_TRAINED: trained };
    const [command, ...words] = [...runner, unfinished];
    const { status, stdout, stderr, error } = spawnSync(command, words, { env, maxBuffer: 64 << 20 });
    if (stdout?.includes('"the snapshot is full"')) return { failures };
    if (status !== 0) throw new Error(`the program does not start: ${error?.message ?? `${stdout}${stderr}`}`);
    return { executable: identified(stdout), used: Number(stderr.toString()), failures };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
