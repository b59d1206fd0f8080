/** The control groups of a machine's containers, of which runtimes that are killed leave the directories. */
import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";

const ROOT = "/sys/fs/cgroup";

/** Removes a group from all hierarchies, with those in it, when their processes have been killed: that takes a moment. */
export function removeGroup(name: string): void {
  const hierarchies = readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const group of [name, ...hierarchies.map((entry) => join(entry.name, name))].map((path) => join(ROOT, path)))
    for (let left = 100; existsSync(group) && left > 0; left--) {
      try {
        removeTree(group);
      } catch {
        Bun.sleepSync(20);
      }
    }
}

/** Of a group only its directories can be removed. */
function removeTree(group: string): void {
  for (const entry of readdirSync(group, { withFileTypes: true }))
    if (entry.isDirectory()) removeTree(join(group, entry.name));
  rmdirSync(group);
}
