// Puts what the build makes into its directory.

import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/**
 * Replaces berth in the directory in one step, as it may be running; beside it, links by the names that it is a plugin under. All
 * else goes: a link of a plugin that is no more could still be called.
 */
export function install(executable, directory, plugins) {
  mkdirSync(directory, { recursive: true });
  const target = join(directory, "berth");
  const stat = lstatSync(target, { throwIfNoEntry: false });
  if (!stat?.isFile() || !readFileSync(target).equals(executable)) {
    writeFileSync(`${target}.new`, executable, { mode: 0o755 });
    renameSync(`${target}.new`, target);
  }
  for (const name of plugins) {
    const link = join(directory, name);
    if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(link) === "berth") continue;
    rmSync(link, { force: true, recursive: true });
    symlinkSync("berth", link);
  }
  for (const name of readdirSync(directory)) {
    if (name !== "berth" && !plugins.includes(name)) rmSync(join(directory, name), { recursive: true });
  }
}
