/** A containerd of the test's own, next to a lab's host: its state, plugins and configuration are in the lab's directory. */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConfList } from "../../scripts/try/conflist.ts";
import { attempt, sh } from "./command.ts";
import type { Lab } from "./lab.ts";
import type { Need } from "./needs.ts";
import { openRoom, type Room } from "./room.ts";

export interface Containerd {
  /** The command line of ctr with these arguments. */
  commandLine(...args: string[]): string[];
  [Symbol.asyncDispose](): Promise<void>;
}

/** An image in it: static busybox and nothing else. */
export const IMAGE = "berth.test/busybox:1";

export const runsContainerd: Need = {
  what: "containerd, runc and a static busybox (scripts/setup.sh)",
  met: () => {
    const found = ["containerd", "ctr", "runc", "busybox"].every((command) => Bun.which(command) !== null);
    // ldd fails for what is not dynamically linked.
    return found && attempt(undefined, "ldd", Bun.which("busybox") ?? "").status !== 0;
  },
};

/**
 * Starts containerd in the lab's network namespace, where ctr finds `list` as the only network and the lab's executables
 * in /opt/cni/bin. In its own mount namespace: the machine's directories of these names are neither read nor written.
 */
export async function containerdIn(lab: Lab, list: ConfList): Promise<Containerd> {
  furnish(lab, list);
  const { dir } = lab;
  const room = await openRoom(lab, [
    `mount -t overlay overlay -o lowerdir=/etc,upperdir=${dir}/etc,workdir=${dir}/work /etc`,
    ...["opt:/opt", "var:/var/lib", "run:/run"].map((pair) => `mount --bind ${dir}/${pair.replace(":", " ")}`),
  ]);
  const daemon = Bun.spawn(room.commandLine("containerd", "--config", join(dir, "config.toml")), {
    stdout: "ignore",
    stderr: Bun.file(join(dir, "containerd.log")),
  });
  const ctr = ["ctr", "--address", join(dir, "containerd.sock"), "--namespace", "berth"];
  const close = () => end(room, ctr, daemon);
  try {
    await awaitAnswer(() => room.run(...ctr, "version").status === 0, join(dir, "containerd.log"));
    const { status, stderr } = room.run(...ctr, "image", "import", imageIn(dir));
    if (status !== 0) throw new Error(`ctr image import: ${stderr}`);
  } catch (error) {
    await close();
    throw error;
  }
  return { commandLine: (...args) => room.commandLine(...ctr, ...args), [Symbol.asyncDispose]: close };
}

function furnish({ dir, bin }: Lab, list: ConfList): void {
  for (const name of ["etc/cni/net.d", "work", "opt/cni", "var/cni/results", "run"])
    mkdirSync(join(dir, name), { recursive: true });
  writeFileSync(join(dir, "etc/cni/net.d/10-berth.conflist"), JSON.stringify(list));
  cpSync(bin, join(dir, "opt/cni/bin"), { recursive: true, verbatimSymlinks: true });
  const config = `version = 2
root = "${dir}/root"
state = "${dir}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "${dir}/containerd.sock"
`;
  writeFileSync(join(dir, "config.toml"), config);
}

async function awaitAnswer(answers: () => boolean, log: string): Promise<void> {
  for (let left = 200; !answers(); left--) {
    if (left === 0) throw new Error(`containerd does not answer: ${readFileSync(log, "utf8").slice(-1000)}`);
    await Bun.sleep(25);
  }
}

/** Ends what still runs in it, then itself. */
async function end(room: Room, ctr: readonly string[], daemon: Bun.Subprocess): Promise<void> {
  const tasks = room
    .run(...ctr, "tasks", "ls", "--quiet")
    .stdout.split("\n")
    .filter(Boolean);
  for (const task of tasks) room.run(...ctr, "tasks", "rm", "--force", task);
  daemon.kill("SIGTERM");
  await daemon.exited;
  room[Symbol.dispose]();
}

/** Writes the image in the form of `docker save`: path of the archive. */
function imageIn(dir: string): string {
  const image = join(dir, "image");
  const bin = join(dir, "rootfs/bin");
  mkdirSync(image);
  mkdirSync(bin, { recursive: true });
  cpSync(Bun.which("busybox") ?? "", join(bin, "busybox"), { dereference: true });
  for (const applet of ["sh", "ping", "cat"]) symlinkSync("busybox", join(bin, applet));
  const layer = join(image, "layer.tar");
  tar(layer, join(dir, "rootfs"));
  const digest = new Bun.CryptoHasher("sha256").update(readFileSync(layer)).digest("hex");
  const architecture = process.arch === "x64" ? "amd64" : process.arch;
  const config = {
    architecture,
    os: "linux",
    config: { Env: ["PATH=/bin"] },
    rootfs: { type: "layers", diff_ids: [`sha256:${digest}`] },
  };
  writeFileSync(join(image, "config.json"), JSON.stringify(config));
  writeFileSync(
    join(image, "manifest.json"),
    JSON.stringify([{ Config: "config.json", RepoTags: [IMAGE], Layers: ["layer.tar"] }]),
  );
  tar(join(dir, "image.tar"), image);
  return join(dir, "image.tar");
}

function tar(archive: string, directory: string): void {
  sh(
    undefined,
    "tar",
    "--directory",
    directory,
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    "--create",
    "--file",
    archive,
    ".",
  );
}
