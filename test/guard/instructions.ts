/**
 * Instructions that a call executes, counted by valgrind: the same on every machine of one architecture, and in every run
 * but for a hundredth of a percent.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt } from "../support/command.ts";
import { bridgeConf, environment, netnsPath, type Verb } from "../support/conf.ts";
import { openLab } from "../support/lab.ts";
import { BIN, built, isMet, type Need } from "../support/needs.ts";

export const valgrind: Need = {
  what: "valgrind (scripts/setup.sh)",
  met: () => attempt(undefined, "valgrind", "--version").status === 0,
};

/** The code of the executable depends on the architecture and on the C library; the records are of these. */
export const recordedKind: Need = {
  what: "an executable for x86-64 with musl (scripts/setup.sh)",
  met: () => process.arch === "x64" && isMet(built) && !readFileSync(join(BIN, "berth")).includes("glibc.malloc"),
};

interface Case {
  readonly plugin: string;
  readonly verb: Verb;
  readonly status: number;
  /** Keys of the configuration to replace. */
  readonly over?: object;
}

/** host-local in place of bridge needs no namespace; here it does not exist. */
const NOWHERE = "/run/netns/guard-none";
/** Under valgrind, bridge does not find itself to be the host-local of CNI_PATH: a network without addresses. */
const NO_ADDRESSES = { ipam: {}, isGateway: false };

/** An IPAM plugin that is a script of the guard's own: what it and the shell execute does not count. */
const SCRIPT = "one-address";
const ONE_ADDRESS = { ipam: { type: SCRIPT }, isGateway: true, ipMasq: true };
const ANSWER = '{"cniVersion":"1.0.0","ips":[{"address":"10.77.0.50/24"}],"routes":[{"dst":"0.0.0.0/0"}]}';

/** What is counted, in the order of calls: a DEL finds what the ADD before it made. */
const CASES: Readonly<Record<string, Case>> = {
  VERSION: { plugin: "bridge", verb: "VERSION", status: 0 },
  "host-local ADD": { plugin: "host-local", verb: "ADD", status: 0 },
  "host-local DEL": { plugin: "host-local", verb: "DEL", status: 0 },
  "bridge ADD, refused": { plugin: "bridge", verb: "ADD", status: 1 },
};

/** The same that need root: they make links, on a bridge that is there. */
const KERNEL_CASES: Readonly<Record<string, Case>> = {
  "bridge ADD without addresses": { plugin: "bridge", verb: "ADD", status: 0, over: NO_ADDRESSES },
  "bridge DEL without addresses": { plugin: "bridge", verb: "DEL", status: 0, over: NO_ADDRESSES },
  "bridge ADD with ipMasq": { plugin: "bridge", verb: "ADD", status: 0, over: ONE_ADDRESS },
  "bridge DEL with ipMasq": { plugin: "bridge", verb: "DEL", status: 0, over: ONE_ADDRESS },
};

export const NAMES = Object.keys(CASES);
export const KERNEL_NAMES = Object.keys(KERNEL_CASES);

/** Instructions by the name of the case; those that need root only where there is. `bin` is the plugins' directory. */
export function countAll(bin: string, root: boolean): Record<string, number> {
  // Of a fixed length, as its name is data that is read, hashed and written.
  const dir = mkdtempSync(join(tmpdir(), "berth-guard-"));
  try {
    const rootless = { bin, dir, netns: NOWHERE, by: [] };
    const counts = Object.entries(CASES).map(([name, entry]) => [name, count(rootless, entry)] as const);
    return { ...Object.fromEntries(counts), ...(root && inKernel(bin, dir)) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function inKernel(bin: string, dir: string): Record<string, number> {
  writeFileSync(join(dir, SCRIPT), `#!/bin/sh\ncat >/dev/null\necho '${ANSWER}'\n`, { mode: 0o755 });
  const cases = Object.entries(KERNEL_CASES);
  const counts = [NO_ADDRESSES, ONE_ADDRESS].flatMap((over) => {
    using lab = openLab({ bin });
    lab.add({ ns: lab.container(), id: "first", conf: lab.conf(over), path: dir });
    const site = { bin, dir, netns: netnsPath(lab.container()), by: ["nsenter", `--net=${netnsPath(lab.host)}`] };
    return cases.filter(([, entry]) => entry.over === over).map(([name, entry]) => [name, count(site, entry)] as const);
  });
  return Object.fromEntries(counts);
}

interface Site {
  readonly bin: string;
  readonly dir: string;
  readonly netns: string;
  /** The command that enters the host's namespace. */
  readonly by: readonly string[];
}

const VALGRIND = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"];

function count({ bin, dir, netns, by }: Site, { plugin, verb, status, over = {} }: Case): number {
  const file = join(bin, plugin);
  const conf = bridgeConf(join(dir, "store"), { berth: { indexDir: join(dir, "index") }, ...over });
  const child = Bun.spawnSync([...by, ...VALGRIND, file], {
    stdin: Buffer.from(JSON.stringify(conf)),
    // CNI_PATH is of a fixed length too, wherever this repository is.
    env: environment(verb, bin, { ns: netns, path: over === ONE_ADDRESS ? dir : "/opt/cni/bin" }),
  });
  const report = child.stderr.toString();
  const collected = /^==\d+== Collected : (\d+)$/m.exec(report)?.[1];
  if (child.exitCode !== status || collected === undefined) {
    throw new Error(`${verb} of ${file} under valgrind: exit ${child.exitCode}: ${child.stdout}${report}`);
  }
  return Number(collected);
}
