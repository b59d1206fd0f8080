/** podman with its CNI backend, which podman 5 no longer has: the rows of docs/runtimes.md about it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../support/command.ts";
import { IMAGE, imageIn } from "../support/image.ts";
import { lastWords, outcomesOf } from "./commands.ts";
import { type Flow, type Row, type Runtime, rowOf, type Tell, untold } from "./flow.ts";
import type { Machine } from "./machine.ts";
import { podman, SERVER, version } from "./programs.ts";
import { reach } from "./reach.ts";

const HOST_PORT = 18080;

const CONFIGURATION: Record<string, string> = {
  "containers.conf": `[network]
network_backend = "cni"
cni_plugin_dirs = ["/opt/cni/bin"]
network_config_dir = "/etc/cni/net.d"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
`,
  "storage.conf": `[storage]
driver = "vfs"
graphroot = "/var/lib/containers/storage"
runroot = "/run/containers/storage"
`,
  "policy.json": '{"default": [{"type": "insecureAcceptAnything"}]}',
};

function furnish(machine: Machine): void {
  const directory = join(machine.dir, "etc/containers");
  mkdirSync(directory, { recursive: true });
  for (const [name, text] of Object.entries(CONFIGURATION)) writeFileSync(join(directory, name), text);
  call(machine, "load", "--input", imageIn(machine.dir, SERVER));
}

/** Runs podman, which must succeed: its stdout. */
function call(machine: Machine, ...args: string[]): string {
  const { status, stdout, stderr } = machine.run("podman", ...args);
  if (status !== 0) throw new Error(`podman ${args.join(" ")}: ${lastWords(status, stderr || stdout)}`);
  return stdout;
}

/** Tells how podman did. */
function told(machine: Machine, tell: Tell, ...args: string[]): void {
  const { status, stdout, stderr } = machine.run("podman", ...args);
  tell(args[0] === "run" ? "run" : args.join(" "), status === 0 ? "ok" : lastWords(status, stderr || stdout));
}

const runArgs = ({ list, group }: Machine, name: string, hostPort = HOST_PORT) => [
  ...["run", "--detach", "--cgroup-parent", group],
  ...["--network", list.name, "--publish", `${hostPort}:8080`, "--name", name, IMAGE],
];

async function asked(machine: Machine, name: string, tell: Tell, hostPort = HOST_PORT): Promise<void> {
  const [{ NetworkSettings }] = JSON.parse(call(machine, "inspect", name));
  const addresses = Object.values(NetworkSettings.Networks).flatMap((one: Json) => [
    one.IPAddress,
    one.GlobalIPv6Address,
  ]);
  await reach(machine, addresses.filter(Boolean), tell, hostPort);
}

const END = ["rm", "--force", "--time", "0"];

async function life(machine: Machine, tell: Tell): Promise<void> {
  told(machine, tell, ...runArgs(machine, "one"));
  await asked(machine, "one", tell);
  told(machine, tell, "restart", "--time", "0", "one");
  await asked(machine, "one", tell);
  told(machine, tell, "stop", "--time", "0", "one");
  told(machine, tell, "start", "one");
  await asked(machine, "one", tell);
  told(machine, tell, ...END, "one");
}

const LIFE: Flow<Machine> = {
  id: "life",
  flow: "run with a published port, restart, stop, start, rm; asked between",
  run: life,
};

async function connect(machine: Machine, tell: Tell): Promise<void> {
  told(machine, tell, ...runArgs(machine, "one"));
  told(machine, tell, "network", "create", "--subnet", "10.66.0.0/24", "other");
  told(machine, tell, "network", "connect", "other", "one");
  await asked(machine, "one", tell);
  told(machine, tell, "network", "disconnect", "other", "one");
  await asked(machine, "one", tell);
  told(machine, tell, ...END, "one");
  told(machine, tell, "network", "rm", "other");
}

function killed(when: "before" | "after"): Flow<Machine> {
  const moment = when === "before" ? "before portmap" : "after portmap";
  return {
    id: `killed-${when}`,
    flow: `podman run killed in its ADD, ${moment}, and the plugin, too; rm, and run again`,
    hold: ["portmap", when],
    leaves: {
      lines: /./,
      why: "podman sends no DEL for a container whose start it has not seen, nor removes its namespace",
    },
    run: async (machine, tell, hold) => {
      hold.arm();
      const running = machine.daemon("podman", "podman", ...runArgs(machine, "one"));
      await hold.reached();
      running.kill();
      hold.kill();
      // The first may find that its storage is busy still.
      told(machine, untold, ...END, "one");
      told(machine, tell, ...END, "one");
      await life(machine, tell);
    },
  };
}

const NAMES = ["a", "b", "c", "d", "e"];

const FLOWS: readonly Flow<Machine>[] = [
  {
    id: "burst",
    flow: "five containers run at once, and removed at once",
    run: async (machine, tell) => {
      const commands = NAMES.map((name, i) => machine.commandLine("podman", ...runArgs(machine, name, HOST_PORT + i)));
      for (const outcome of await outcomesOf(commands)) tell("run", outcome);
      for (const [i, name] of NAMES.entries()) await asked(machine, name, tell, HOST_PORT + i);
      const ends = NAMES.map((name) => machine.commandLine("podman", ...END, name));
      for (const outcome of await outcomesOf(ends)) tell("rm", outcome);
    },
  },
  {
    id: "connect",
    flow: "network create, network connect and disconnect of a running container, network rm",
    warm: (machine) => connect(machine, untold),
    run: connect,
  },
  killed("before"),
  killed("after"),
  {
    id: "reboot",
    flow: "the power fails with a container up: /run and all namespaces are gone; start, and rm",
    run: async (machine, tell) => {
      told(machine, tell, ...runArgs(machine, "one"));
      await machine.reboot();
      told(machine, tell, "start", "one");
      await asked(machine, "one", tell);
      told(machine, tell, ...END, "one");
    },
  },
];

const RELOAD: Flow<Machine> = {
  id: "reload",
  flow: "all rules flushed under a running container, then network reload",
  run: async (machine, tell) => {
    told(machine, tell, ...runArgs(machine, "one"));
    machine.lab.sh(machine.lab.host, "nft", "flush", "ruleset");
    told(machine, tell, "network", "reload", "one");
    await asked(machine, "one", tell);
    told(machine, tell, ...END, "one");
  },
};

const PODMAN_CNI: Runtime<Machine> = {
  id: "podman",
  runtime: `podman ${version("podman")}`,
  needs: [podman],
  open: async (machine) => {
    furnish(machine);
    return machine;
  },
  warm: async (machine) => {
    call(machine, ...runArgs(machine, "warm"));
    call(machine, ...END, "warm");
  },
};

export const PODMAN: readonly Row[] = [
  ...["01-containerd-cri", "04-nerdctl-default", "09-podman-87"].map((list) => rowOf(PODMAN_CNI, list, LIFE)),
  ...FLOWS.map((flow) => rowOf(PODMAN_CNI, "09-podman-87", flow)),
  // Of a list without "ranges", podman 4.3.1 itself cannot give a container its address again.
  rowOf(PODMAN_CNI, "04-nerdctl-default", RELOAD),
];
