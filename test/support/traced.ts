/** The system calls of a plugin's call, by strace. */
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type CallOptions, environment, netnsPath, type Verb } from "./conf.ts";
import type { Lab } from "./lab.ts";
import { can } from "./needs.ts";

export const strace = can("root and strace", "strace", "-f", "-qq", "-o", "/dev/null", "true");

/** System calls that sleep, and those that make a process or thread. */
const SLEEPS = ["nanosleep", "clock_nanosleep"];
const FORKS = ["fork", "vfork", "clone", "clone3"];

/** The names of the system calls of one successful call, in order, of all its processes. `plugin` is a name in `bin`. */
export function systemCalls(lab: Lab, plugin: string, verb: Verb, options: CallOptions): string[] {
  const { bin = lab.bin, conf = lab.conf() } = options;
  const log = join(lab.dir, "strace");
  const command = ["strace", "-f", "-qq", "-o", log, join(bin, plugin)];
  const { exitCode, stdout } = Bun.spawnSync(["nsenter", `--net=${netnsPath(lab.host)}`, ...command], {
    stdin: Buffer.from(JSON.stringify(conf)),
    env: environment(verb, bin, options),
  });
  expect([exitCode, exitCode === 0 ? "" : stdout.toString()]).toEqual([0, ""]);
  return [...readFileSync(log, "utf8").matchAll(/^\d+\s+(\w+)\(/gm)].map(([, name]) => name ?? "");
}

/** How often the calls start a program, make a process or sleep. */
export function efforts(calls: readonly string[]): { execs: number; forks: number; sleeps: number } {
  const count = (names: readonly string[]) => calls.filter((name) => names.includes(name)).length;
  return { execs: count(["execve", "execveat"]), forks: count(FORKS), sleeps: count(SLEEPS) };
}
