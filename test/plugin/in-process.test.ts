import { describe, expect } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { environment, netnsPath, type Verb } from "../support/conf.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { built, can, namespaces, needs } from "../support/needs.ts";
import { DUAL_STACK } from "../support/pools.ts";

const need = needs(namespaces, built, can("root and strace", "strace", "-f", "-qq", "-o", "/dev/null", "true"));

/** System calls that sleep, and those that make a process or thread. */
const SLEEPS = ["nanosleep", "clock_nanosleep"];
const FORKS = ["fork", "vfork", "clone", "clone3"];

/** The names of the system calls of one call of the bridge plugin, in order, of all its processes. */
function systemCalls(lab: Lab, verb: Verb, ns: string, conf: object): string[] {
  const log = join(lab.dir, "strace");
  const strace = ["strace", "-f", "-qq", "-o", log, join(lab.bin, "bridge")];
  const { exitCode, stdout } = Bun.spawnSync(["nsenter", `--net=${netnsPath(lab.host)}`, ...strace], {
    stdin: Buffer.from(JSON.stringify(conf)),
    env: environment(verb, lab.bin, { ns }),
  });
  expect([exitCode, exitCode === 0 ? "" : stdout.toString()]).toEqual([0, ""]);
  return [...readFileSync(log, "utf8").matchAll(/^\d+\s+(\w+)\(/gm)].map(([, name]) => name ?? "");
}

const count = (calls: readonly string[], names: readonly string[]) =>
  calls.filter((name) => names.includes(name)).length;

describe("bridge with host-local from the same executable", () => {
  need.each(["ADD", "CHECK", "DEL"] as const)("%s is one process, with no exec and no sleep", async (verb) => {
    await inLab((lab) => {
      const conf = lab.conf({ ipMasq: true, ipam: DUAL_STACK });
      const ns = lab.container();
      // The network is in use: the bridge is there.
      lab.add({ ns: lab.container(), id: "first", conf });
      const prevResult = verb === "ADD" ? undefined : lab.add({ ns, conf });
      const calls = systemCalls(lab, verb, ns, { ...conf, ...(prevResult && { prevResult }) });
      expect(calls.length).toBeGreaterThan(50);
      const [execs, forks, sleeps] = [["execve", "execveat"], FORKS, SLEEPS].map((names) => count(calls, names));
      expect({ execs, forks, sleeps }).toEqual({ execs: 1, forks: 0, sleeps: 0 });
    })();
  });
});
