/** A directory for the tests of a file, and what a call throws. */
import { afterAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new directory, removed after all tests of the file that calls this; `fresh` gives paths in it that nobody has used. */
export function scratch(): { dir: string; fresh: () => string } {
  const dir = mkdtempSync(join(tmpdir(), "berth-sys-"));
  afterAll(() => rmSync(dir, { recursive: true }));
  let count = 0;
  return { dir, fresh: () => join(dir, `f${count++}`) };
}

export function thrown(fn: () => unknown): unknown {
  try {
    fn();
  } catch (e) {
    return e;
  }
  throw new Error("did not throw");
}
