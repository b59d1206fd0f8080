// The last step of the build (runtime/src/snapshot.rs).

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const TRAIN = fileURLToPath(new URL("train.mjs", import.meta.url));

/** Runs train.mjs in network namespaces of its own if that is allowed here. */
function train(unfinished, directory, trained) {
  const call = [process.execPath, TRAIN, unfinished, directory, trained];
  for (const command of [
    ["unshare", "-rn", ...call],
    ["unshare", "-n", ...call],
    [...call, "--no-network"],
  ]) {
    const { status, stderr } = spawnSync(command[0], command.slice(1), { encoding: "utf8" });
    if (status === 0 && command.at(-1) === "--no-network") {
      console.error("build: no network namespace may be made here: calls of bridge will be slower");
    }
    if (status === 0) return;
    if (command.at(-1) === "--no-network") throw new Error(`the training fails: ${stderr}`);
  }
}

/** What the image in the executable begins with, at a page: the build id follows (runtime/src/snapshot.rs). */
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

/** The bytes of the finished executable: what cargo built, run once, prints itself with a started engine in it. */
export function finish(unfinished) {
  const directory = mkdtempSync(join(tmpdir(), "berth-training-"));
  try {
    const trained = join(directory, "trained");
    train(unfinished, directory, trained);
    if (!existsSync(trained)) console.error("build: nothing was learnt about what calls use: each will be slower");
    const env = { BERTH_TRAINED: trained };
    const { status, stdout, stderr, error } = spawnSync(unfinished, [], { env, maxBuffer: 64 << 20 });
    if (status !== 0) throw new Error(`the program does not start: ${error?.message ?? `${stdout}${stderr}`}`);
    return identified(stdout);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
