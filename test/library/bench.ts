/**
 * `npm run bench:library`: what an ADD by the library on Node takes beside what the plugins take by themselves: rows for lists
 * of 1 and of 4 plugins that do nothing. Interleaved in one process with the same plugin started by nothing but spawn().
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LIBRARY, libcni, library, RECORDER } from "./recordings.ts";

if (!libcni.met() || !library.met()) throw new Error(`cannot build ${libcni.what}`);
const place = mkdtempSync(join(tmpdir(), "berth-bench-"));
try {
  for (const type of ["p0", "p1", "p2", "p3"]) symlinkSync(RECORDER, join(place, type));
  const program = join(import.meta.dir, "bench-node.mjs");
  const { status } = spawnSync("node", [program, LIBRARY, place], { stdio: "inherit" });
  process.exitCode = status ?? 1;
} finally {
  rmSync(place, { recursive: true });
}
