// The last step of the build (runtime/src/snapshot.rs).

import { spawnSync } from "node:child_process";

/** The bytes of the finished executable: what cargo built, run once, prints itself with a started engine in it. */
export function finish(unfinished) {
  const { status, stdout, stderr, error } = spawnSync(unfinished, [], { maxBuffer: 64 << 20 });
  if (status !== 0) throw new Error(`the program does not start: ${error?.message ?? `${stdout}${stderr}`}`);
  return stdout;
}
