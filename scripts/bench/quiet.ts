import { readFileSync } from "node:fs";

const SLICE_MS = 250;
const IDLE = 0.9;

/**
 * Waits until the machine is idle, at most `limit` milliseconds: the kernel removes the namespaces of the part before for
 * some seconds after they are gone. Returns whether it was idle in the end: if not, others work on it.
 */
export async function quiet(limit = 20_000): Promise<boolean> {
  const end = performance.now() + limit;
  let before = times();
  while (performance.now() < end) {
    await Bun.sleep(SLICE_MS);
    const after = times();
    if ((after.idle - before.idle) / (after.all - before.all) >= IDLE) return true;
    before = after;
  }
  return false;
}

/** proc_stat(5): ticks of all CPUs since the boot. */
function times(): { idle: number; all: number } {
  const [first = ""] = readFileSync("/proc/stat", "utf8").split("\n");
  const ticks = first.split(/\s+/).slice(1).map(Number);
  return { idle: (ticks[3] ?? 0) + (ticks[4] ?? 0), all: ticks.slice(0, 8).reduce((sum, value) => sum + value, 0) };
}
