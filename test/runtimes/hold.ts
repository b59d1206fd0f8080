/** Holding an ADD at a moment that a test chooses, to kill who waits for it. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Machine } from "./machine.ts";

/** A plugin whose ADD stops before it has done anything, or when all is done and not yet answered. */
export interface Hold {
  /** From now on, an ADD stops there. */
  arm(): void;
  /** Resolves when one has. */
  reached(): Promise<void>;
  /** SIGKILL to it. */
  kill(): void;
  /** Lets it go on. */
  release(): void;
}

/** Puts a script in a plugin's place, which calls the plugin. */
export function holdAt(machine: Machine, plugin: string, when: "before" | "after"): Hold {
  const directory = join(machine.dir, "hold");
  const path = join(machine.plugins, plugin);
  const real = join(machine.plugins, "real");
  mkdirSync(directory);
  mkdirSync(real);
  renameSync(path, join(real, plugin));
  const wait = `if [ "$CNI_COMMAND" = ADD ] && [ -e ${directory}/armed ]; then
  echo $$ >${directory}/pid.new; mv ${directory}/pid.new ${directory}/pid
  while [ ! -e ${directory}/go ]; do sleep 0.02; done
fi`;
  const call = `answer=$(/opt/cni/bin/real/${plugin}); status=$?`;
  const steps = when === "before" ? [wait, call] : [call, wait];
  const script = ["#!/bin/sh", ...steps, `printf '%s' "$answer"; exit $status`, ""].join("\n");
  writeFileSync(path, script, { mode: 0o755 });
  const pid = join(directory, "pid");
  return {
    arm: () => writeFileSync(join(directory, "armed"), ""),
    reached: async () => {
      for (let left = 500; !existsSync(pid); left--) {
        if (left === 0) throw new Error(`no ADD came to ${plugin}`);
        await Bun.sleep(20);
      }
      rmSync(join(directory, "armed"));
    },
    kill: () => void machine.run("kill", "-KILL", readFileSync(pid, "utf8").trim()),
    release: () => writeFileSync(join(directory, "go"), ""),
  };
}
