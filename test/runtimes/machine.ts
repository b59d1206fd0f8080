/**
 * A machine on which a runtime works, so that the real one's directories are neither read nor written: network, mount and
 * PID namespaces, /etc (over the real one), /opt, /var/lib and /run of its own, and a further machine that asks it from
 * outside. The plugins are in /opt/cni/bin, and the network is the first in /etc/cni/net.d.
 */
import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConfList } from "../../scripts/try/conflist.ts";
import { fileTraces, linkTraces, ruleTraces, type Traces } from "../reliability/remains.ts";
import { type Output, sh } from "../support/command.ts";
import { type FarHost, farHost, UPLINK } from "../support/far-host.ts";
import { type Lab, openLab } from "../support/lab.ts";
import { BIN, REFERENCE } from "../support/needs.ts";
import { openRoom, type Room } from "../support/room.ts";
import { removeGroup } from "./cgroups.ts";

/** Whose plugins there are. Those that berth lacks yet are the reference's on both. */
export type Side = "berth" | "reference";

export interface Daemon {
  /** SIGKILL to it alone: what it has started lives on. */
  kill(): void;
  /** SIGTERM; resolves when it has ended. */
  end(): Promise<void>;
}

export interface Machine {
  readonly side: Side;
  readonly list: ConfList;
  /** A directory for files of the runtime, outside of what a reboot clears. */
  readonly dir: string;
  readonly far: FarHost;
  readonly lab: Lab;
  /** The control group that containers are to be in. */
  readonly group: string;
  /** The plugins' directory as the test sees it. */
  readonly plugins: string;
  /** Replaces the plugins. */
  install(side: Side): void;
  commandLine(...cmd: string[]): string[];
  /** Runs a command on it. */
  run(...cmd: string[]): Output;
  /** Starts a daemon on it, whose output is in `dir`/NAME.log. */
  daemon(name: string, ...cmd: string[]): Daemon;
  /**
   * As if the power had failed: processes, namespaces and what is in /run are gone, the boot has another id, and files
   * elsewhere are as they were.
   */
  reboot(): Promise<void>;
  /** Links, rules, leases, results and named namespaces: what attachments leave. */
  traces(): Traces;
  close(): void;
  [Symbol.dispose](): void;
}

/** Other names under which projects install the plugins. */
export const PREFIXES = /^(cnv|buildkit-cni)-/;

export async function openMachine(side: Side, list: ConfList): Promise<Machine> {
  const lab = openLab();
  const { dir } = lab;
  for (const name of ["etc/cni/net.d", "work", "opt/cni", "var/cni", "run/netns"])
    mkdirSync(join(dir, name), { recursive: true });
  writeFileSync(join(dir, "etc/cni/net.d/10-net.conflist"), JSON.stringify(list));
  const plugins = join(dir, "opt/cni/bin");
  installPlugins(side, list, plugins);
  let far = farHost(lab);
  let room = await enter(lab);
  return {
    side,
    list,
    dir,
    lab,
    group: `/${lab.host}`,
    plugins,
    get far() {
      return far;
    },
    install: (other) => installPlugins(other, list, plugins),
    commandLine: (...cmd) => room.commandLine(...cmd),
    run: (...cmd) => room.run(...cmd),
    daemon: (name, ...cmd) => startDaemon(room, dir, name, cmd),
    reboot: async () => {
      room[Symbol.dispose]();
      removeGroup(lab.host);
      far = restart(lab);
      room = await enter(lab);
    },
    traces: () => tracesOf(lab),
    close: () => leave(room, lab),
    [Symbol.dispose]: () => leave(room, lab),
  };
}

function installPlugins(side: Side, { plugins }: ConfList, directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  const link = (from: string, name: string, as = name) =>
    existsSync(join(directory, as)) || symlinkSync(join(from, name), join(directory, as));
  const sources = side === "berth" ? [BIN, REFERENCE] : [REFERENCE];
  for (const from of sources) for (const name of readdirSync(from)) link(from, name);
  for (const type of plugins.flatMap(({ type, ipam }) => [type, ipam?.type ?? type])) {
    const name = type.replace(PREFIXES, "");
    for (const from of sources) if (existsSync(join(from, name))) link(from, name, type);
  }
}

function enter(lab: Lab): Promise<Room> {
  const { dir } = lab;
  writeFileSync(join(dir, "boot-id"), `${crypto.randomUUID()}\n`);
  const mounts = [
    `mount -t overlay overlay -o lowerdir=/etc,upperdir=${dir}/etc,workdir=${dir}/work /etc`,
    ...["opt:/opt", "var:/var/lib", "run:/run"].map((pair) => `mount --bind ${dir}/${pair.replace(":", " ")}`),
    "mount -t tmpfs shm /dev/shm",
    `mount --bind ${dir}/boot-id /proc/sys/kernel/random/boot_id`,
  ];
  return openRoom(lab, mounts, { processes: true });
}

function startDaemon(room: Room, dir: string, name: string, cmd: readonly string[]): Daemon {
  const [log, pid] = [join(dir, `${name}.log`), join(dir, `${name}.pid`)];
  appendFileSync(log, "");
  const script = `echo $$ >${pid}; exec "$@" >>${log} 2>&1`;
  const child = Bun.spawn(room.commandLine("sh", "-c", script, "sh", ...cmd), { stdout: "ignore", stderr: "ignore" });
  child.unref();
  // As the machine numbers processes.
  const signal = (name: string) => void room.run("sh", "-c", `kill -${name} $(cat ${pid})`);
  return {
    kill: () => signal("KILL"),
    end: async () => {
      signal("TERM");
      await child.exited;
    },
  };
}

function restart(lab: Lab): FarHost {
  const { dir, host } = lab;
  lab.sh(host, "ip", "link", "del", UPLINK.device);
  sh(undefined, "ip", "netns", "del", host);
  sh(undefined, "ip", "netns", "add", host);
  lab.sh(host, "ip", "link", "set", "lo", "up");
  for (const name of readdirSync(join(dir, "run"))) rmSync(join(dir, "run", name), { recursive: true });
  mkdirSync(join(dir, "run/netns"));
  return farHost(lab);
}

/** Where files tell of attachments. */
const FILES = ["var/cni", "run/cni", "run/netns"];

function tracesOf(lab: Lab): Traces {
  const files = FILES.flatMap((name) =>
    fileTraces(join(lab.dir, name)).map((line) => line.replace(/^file /, `file /${name.replace("var/", "var/lib/")}/`)),
  );
  // Directories are for all attachments; those of files follow their name by their content.
  return [...linkTraces(lab.host, "host"), ...ruleTraces(lab.host), ...files.filter((line) => line.endsWith('"'))];
}

function leave(room: Room, lab: Lab): void {
  room[Symbol.dispose]();
  removeGroup(lab.host);
  lab.close();
}
