/**
 * Instructions that a call executes, counted by valgrind: the same on every machine of one architecture, and in every run
 * but for a hundredth of a percent.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt } from "../support/command.ts";
import { bridgeConf, environment, type Verb } from "../support/conf.ts";
import type { Need } from "../support/needs.ts";

export const valgrind: Need = {
  what: "valgrind (scripts/setup.sh)",
  met: () => attempt(undefined, "valgrind", "--version").status === 0,
};

/** The code of the executable depends on the architecture; the records are of this one. */
export const ARCHITECTURE = "x64";

interface Case {
  readonly plugin: string;
  readonly verb: Verb;
  readonly status: number;
}

/**
 * What is counted, in the order of calls: DEL finds the lease of ADD. The namespace does not exist, so that `bridge` ends
 * when everything is planned and nothing touched; host-local does not ask for it.
 */
const CASES: Readonly<Record<string, Case>> = {
  VERSION: { plugin: "bridge", verb: "VERSION", status: 0 },
  "ADD of host-local": { plugin: "host-local", verb: "ADD", status: 0 },
  "DEL of host-local": { plugin: "host-local", verb: "DEL", status: 0 },
  "ADD of bridge until the namespace is opened": { plugin: "bridge", verb: "ADD", status: 1 },
};

/** Instructions by the name of the case. `bin` is the directory of the plugins. */
export function countAll(bin: string): Record<string, number> {
  // Of a fixed length, as its name is data that is read, hashed and written.
  const dir = mkdtempSync(join(tmpdir(), "berth-guard-"));
  try {
    const counts = Object.entries(CASES).map(([name, entry]) => [name, count(bin, dir, entry)] as const);
    return Object.fromEntries(counts);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function count(bin: string, dir: string, { plugin, verb, status }: Case): number {
  const file = join(bin, plugin);
  const child = Bun.spawnSync(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", file], {
    stdin: Buffer.from(JSON.stringify({ ...bridgeConf(join(dir, "store")), berth: { indexDir: join(dir, "index") } })),
    env: { ...environment(verb, bin, { ns: "/run/netns/guard-none" }), CNI_PATH: "/opt/cni/bin" },
  });
  const report = child.stderr.toString();
  const collected = /^==\d+== Collected : (\d+)$/m.exec(report)?.[1];
  if (child.exitCode !== status || collected === undefined) {
    throw new Error(`${verb} of ${file} under valgrind: exit ${child.exitCode}: ${child.stdout}${report}`);
  }
  return Number(collected);
}
