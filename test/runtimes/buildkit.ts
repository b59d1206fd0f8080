/** buildkitd, whose builds' steps have networks: the rows of docs/runtimes.md about it. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { imageIn } from "../support/image.ts";
import { lastWords } from "./commands.ts";
import { type Flow, type Row, type Runtime, rowOf, type Tell, untold } from "./flow.ts";
import type { Daemon, Machine } from "./machine.ts";
import { buildkit, program } from "./programs.ts";
import versions from "./versions.json";

interface Buildkit {
  readonly machine: Machine;
  start(): Promise<void>;
  daemon(): Daemon;
  /** The command line of buildctl. */
  buildctl(...args: string[]): string[];
}

/** Two steps that can run at once ask the gateway; the last has the work of both. */
const DOCKERFILE = `FROM scratch AS base
ADD rootfs.tar /
FROM base AS first
RUN ["/bin/sh", "-c", "ping -c1 -W2 10.10.0.1 >/first"]
FROM base AS second
RUN ["/bin/sh", "-c", "ping -c1 -W2 10.10.0.1 >/second"]
FROM base
COPY --from=first /first /
COPY --from=second /second /
RUN ["/bin/ping", "-c1", "-W2", "10.10.0.1"]
`;

/** Starts buildkitd; `mode` "bridge" is its own list, with plugins under names of its own. */
async function buildkitOn(machine: Machine, mode: "cni" | "bridge"): Promise<Buildkit> {
  const { dir } = machine;
  const socket = join(dir, "run/buildkitd.sock");
  const configuration = join(dir, "buildkitd.toml");
  writeFileSync(configuration, configurationOf(machine, socket, mode));
  furnish(dir);
  let daemon: Daemon | undefined;
  const buildctl = (...args: string[]) =>
    machine.commandLine(program("buildkit", "buildctl"), "--addr", `unix://${socket}`, ...args);
  const start = async () => {
    rmSync(socket, { force: true });
    const path = `PATH=/opt/cni/bin:${process.env.PATH}`;
    daemon = machine.daemon("buildkitd", "env", path, program("buildkit", "buildkitd"), "--config", configuration);
    await awaitAnswer(buildctl("debug", "workers"), join(dir, "buildkitd.log"));
  };
  await start();
  return { machine, start, daemon: () => daemon as Daemon, buildctl };
}

function configurationOf({ dir, group }: Machine, socket: string, mode: string): string {
  return `root = "${dir}/buildkit"
[grpc]
  address = ["unix://${socket}"]
[worker.oci]
  enabled = true
  snapshotter = "native"
  defaultCgroupParent = "${group}"
  networkMode = "${mode}"
  cniConfigPath = "/etc/cni/net.d/10-net.conflist"
  cniBinaryPath = "/opt/cni/bin"
[worker.containerd]
  enabled = false
`;
}

function furnish(dir: string): void {
  imageIn(dir);
  mkdirSync(join(dir, "context"));
  cpSync(join(dir, "image/layer.tar"), join(dir, "context/rootfs.tar"));
  writeFileSync(join(dir, "context/Dockerfile"), DOCKERFILE);
}

async function awaitAnswer(commandLine: string[], log: string): Promise<void> {
  for (let left = 200; Bun.spawnSync(commandLine, { stdin: null, stdout: "ignore" }).exitCode !== 0; left--) {
    if (left === 0) throw new Error(`buildkitd does not answer: ${readFileSync(log, "utf8").slice(-1000)}`);
    await Bun.sleep(50);
  }
}

function buildCommand({ machine, buildctl }: Buildkit): string[] {
  const context = join(machine.dir, "context");
  const local = ["--local", `context=${context}`, "--local", `dockerfile=${context}`];
  return buildctl("build", "--frontend", "dockerfile.v0", ...local, "--no-cache", "--progress", "plain");
}

function build(its: Buildkit, tell: Tell): void {
  const { exitCode, stderr } = Bun.spawnSync(buildCommand(its), { stdin: null });
  tell("build", exitCode === 0 ? "ok" : lastWords(exitCode, stderr.toString()));
}

const BUILD: Flow<Buildkit> = {
  id: "build",
  flow: "three builds with three steps each that ask their gateway, then buildkitd ended: SIGTERM",
  run: async (its, tell) => {
    for (let i = 0; i < 3; i++) build(its, tell);
    await its.daemon().end();
  },
};

const killed = (plugin: string): Flow<Buildkit> => ({
  id: "killed",
  flow: "buildkitd killed in an ADD of a build, when all plugins are done; started again, a build, then ended",
  hold: [plugin, "after"],
  run: async (its, tell, hold) => {
    hold.arm();
    const running = Bun.spawn(buildCommand(its), { stdout: "ignore", stderr: "ignore" });
    await hold.reached();
    its.daemon().kill();
    hold.release();
    await running.exited;
    await its.start();
    build(its, tell);
    await its.daemon().end();
  },
});

const kind = (mode: "cni" | "bridge"): Runtime<Buildkit> => ({
  id: `buildkit-${mode}`,
  runtime: `buildkit ${versions.buildkit}, networkMode ${mode}`,
  needs: [buildkit],
  open: (machine) => buildkitOn(machine, mode),
  warm: async (its) => {
    build(its, untold);
    await its.daemon().end();
    await its.start();
  },
});

export const BUILDS: readonly Row[] = [
  ...[BUILD, killed("firewall")].map((flow) => rowOf(kind("cni"), "18-buildkit", flow)),
  ...[BUILD, killed("buildkit-cni-firewall")].map((flow) => rowOf(kind("bridge"), "19-buildkit-embedded", flow)),
];
