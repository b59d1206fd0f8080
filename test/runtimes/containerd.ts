/** containerd on a machine of the test's own, called by ctr and through the CRI. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Json } from "../support/command.ts";
import { IMAGE, imageIn } from "../support/image.ts";
import { must } from "./commands.ts";
import type { Daemon, Machine } from "./machine.ts";
import { type Containerds, program, SERVER } from "./programs.ts";

export interface Containerd {
  readonly machine: Machine;
  /** The command line of ctr with these arguments. */
  ctr(...args: string[]): string[];
  /** Of crictl. */
  crictl(...args: string[]): string[];
  /** SIGKILL to the daemon alone. */
  kill(): void;
  /** Starts it, as after a kill or a reboot; resolves when it answers. */
  start(): Promise<void>;
  /** Puts the test's image into both its namespaces. */
  importImage(): void;
}

/** Starts a containerd on the machine, with the test's image. */
export async function containerdOn(machine: Machine, release: Containerds): Promise<Containerd> {
  const { dir } = machine;
  writeFileSync(join(dir, "config.toml"), configuration(dir, release));
  const archive = imageIn(dir, SERVER);
  const socket = join(dir, "run/containerd.sock");
  const endpoint = `unix://${socket}`;
  let daemon: Daemon | undefined;
  const containerd: Containerd = {
    machine,
    ctr: (...args) => machine.commandLine(release.program("ctr"), "--address", socket, ...args),
    crictl: (...args) =>
      machine.commandLine(
        program("crictl"),
        "--runtime-endpoint",
        endpoint,
        "--image-endpoint",
        endpoint,
        "--timeout",
        "30s",
        ...args,
      ),
    kill: () => daemon?.kill(),
    start: async () => {
      rmSync(socket, { force: true });
      // The shim must be of the same release.
      const path = `PATH=${dirname(release.program("containerd"))}:${process.env.PATH}`;
      const command = [release.program("containerd"), "--config", join(dir, "config.toml")];
      daemon = machine.daemon("containerd", "env", path, ...command);
      await awaitAnswer(containerd, join(dir, "containerd.log"));
    },
    importImage: () => {
      for (const namespace of ["berth", "k8s.io"])
        must(containerd.ctr("--namespace", namespace, "image", "import", archive));
    },
  };
  await containerd.start();
  containerd.importImage();
  return containerd;
}

function configuration(dir: string, { version }: Containerds): string {
  mkdirSync(join(dir, "run/containerd"), { recursive: true });
  const head = `root = "${dir}/root"\nstate = "${dir}/run/containerd"\n[grpc]\n  address = "${dir}/run/containerd.sock"\n`;
  const common = "restrict_oom_score_adj = true\n  disable_apparmor = true\n  disable_hugetlb_controller = true";
  if (version.startsWith("v2."))
    return `version = 3\n${head}
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "${IMAGE}"
[plugins.'io.containerd.cri.v1.runtime']
  ${common}
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ["/opt/cni/bin"]
  conf_dir = "/etc/cni/net.d"
`;
  return `version = 2\n${head}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${IMAGE}"
  ${common}
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/opt/cni/bin"
  conf_dir = "/etc/cni/net.d"
`;
}

async function awaitAnswer({ crictl, machine }: Containerd, log: string): Promise<void> {
  const ready = () => {
    const { exitCode, stdout } = Bun.spawnSync(crictl("info"), { stdin: null, stdout: "pipe", stderr: "ignore" });
    if (exitCode !== 0) return false;
    const { conditions } = JSON.parse(stdout.toString()).status;
    const isReady = (kind: string) => conditions.some((one: Json) => one.type === kind && one.status);
    return isReady("RuntimeReady") && isReady("NetworkReady");
  };
  for (let left = 400; !ready(); left--) {
    if (left === 0)
      throw new Error(`containerd on ${machine.side} is not ready: ${readFileSync(log, "utf8").slice(-1500)}`);
    await Bun.sleep(50);
  }
}
