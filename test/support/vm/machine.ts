/**
 * A virtual machine with another kernel than the tests': Debian's own, in software emulation. It runs one shell script
 * and is gone. In it are busybox, iproute2, the plugins under test in /berth and the reference's in /reference.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt } from "../command.ts";
import { BIN, type Need, REFERENCE } from "../needs.ts";
import { cpio, directory, type Entry, executable, symlink } from "./cpio.ts";
import { findKernel, type Kernel, modulesOf } from "./kernel.ts";

const QEMU = "qemu-system-x86_64";

export const virtualMachine: Need = {
  what: `${QEMU}, a static busybox and Debian's kernel (scripts/setup.sh)`,
  met: () => [QEMU, "busybox"].every((command) => Bun.which(command) !== null) && findKernel() !== undefined,
};

const MODULES = ["bridge", "8021q", "veth", "nf_tables", "nft_chain_nat", "nft_masq", "nft_meta_bridge"];

/** What a machine has in it beside the plugins. */
export interface Contents {
  /** Modules that are loaded, with what they depend on. */
  modules: readonly string[];
  /** Modules that are only there: /modules/NAME.ko. */
  spare?: readonly string[];
  /** Programs and other files of this machine. */
  programs: readonly string[];
  files?: readonly string[];
}

const USUAL: Contents = { modules: MODULES, programs: ["ip", "bridge", "nft"] };

const REFERENCE_PLUGINS = ["bridge", "host-local"];

export interface Run {
  /** What the script printed. */
  output: string;
  /** As `uname -r` says inside. */
  release: string;
  seconds: number;
}

/** Boots, runs `script` with `sh` as root, and ends the machine. @throws Error when it does not come to the script's end */
export async function runInVm(script: string, contents = USUAL, timeout = 280_000): Promise<Run> {
  const kernel = findKernel();
  if (kernel === undefined) throw new Error("there is no kernel to boot: scripts/setup.sh unpacks one");
  const dir = mkdtempSync(join(tmpdir(), "berth-vm-"));
  const started = performance.now();
  try {
    writeFileSync(join(dir, "initramfs"), cpio(filesOf(kernel, script, contents)));
    const machine = Bun.spawn(commandLine(kernel, dir), { stdin: "ignore", stdout: "ignore", stderr: "pipe", timeout });
    await machine.exited;
    const output = read(join(dir, "output"));
    const end = output.lastIndexOf(DONE);
    if (end < 0) throw new Error(`the machine did not finish: ${read(join(dir, "console")).slice(-2000)}\n${output}`);
    return { output: output.slice(0, end), release: kernel.release, seconds: (performance.now() - started) / 1000 };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** The serial line gives every newline a carriage return. */
function read(file: string): string {
  return readFileSync(file, "utf8").replaceAll("\r", "");
}

const DONE = "@@ the script has ended\n";

/** The console is one serial line, what the script prints another. */
function commandLine({ image }: Kernel, dir: string): string[] {
  return [
    ...[QEMU, "-cpu", "max", "-m", "512", "-no-reboot", "-display", "none", "-monitor", "none", "-nic", "none"],
    ...["-serial", `file:${join(dir, "console")}`, "-serial", `file:${join(dir, "output")}`],
    ...["-kernel", image, "-initrd", join(dir, "initramfs")],
    ...["-append", "console=ttyS0 loglevel=4 panic=-1 random.trust_cpu=on mitigations=off"],
  ];
}

function filesOf(
  kernel: Kernel,
  script: string,
  { modules: wanted, spare = [], programs, files = [] }: Contents,
): Entry[] {
  const modules = modulesOf(kernel, wanted);
  const text = (value: string) => new TextEncoder().encode(value);
  const directories = ["bin", "berth", "reference", "modules", "proc", "sys", "dev", "run", "tmp", "var", "etc"];
  return [
    ...directories.map(directory),
    executable("init", text(init(modules.map(({ name }) => name)))),
    executable("script", text(`${OWN_IP}\n${script}`)),
    executable("bin/busybox", readFileSync(Bun.which("busybox") ?? "")),
    symlink("bin/sh", "busybox"),
    ...[...modules, ...modulesOf(kernel, spare)].map(({ name, data }) => executable(`modules/${name}.ko`, data)),
    executable("berth/berth", readFileSync(join(BIN, "berth"))),
    ...REFERENCE_PLUGINS.map((plugin) => symlink(`berth/${plugin}`, "berth")),
    ...REFERENCE_PLUGINS.map((plugin) => executable(`reference/${plugin}`, readFileSync(join(REFERENCE, plugin)))),
    ...programs.flatMap(program),
    ...files.flatMap(copied),
  ];
}

/** A dynamic program, at bin/, and its libraries where it looks for them. */
function program(name: string): Entry[] {
  const path = Bun.which(name, { PATH: `${process.env.PATH}:/usr/sbin:/sbin` }) ?? "";
  const libraries = attempt(undefined, "ldd", path).stdout.match(/\/\S+/g) ?? [];
  return [executable(`bin/${name}`, readFileSync(path)), ...libraries.flatMap(copied)];
}

/** A file at its own place. */
function copied(path: string): Entry[] {
  const parents = path.split("/").slice(1, -1);
  return [
    ...parents.map((_, i) => directory(parents.slice(0, i + 1).join("/"))),
    executable(path.slice(1), readFileSync(path)),
  ];
}

/** Busybox's sh takes its own applet before what is in PATH. */
const OWN_IP = 'ip() { /bin/ip "$@"; }';

const init = (modules: readonly string[]) => `#!/bin/sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
${modules.map((name) => `insmod /modules/${name}.ko`).join("\n")}
sh /script </dev/null >/dev/ttyS1 2>&1
printf '${DONE.replace("\n", "\\n")}' >/dev/ttyS1
poweroff -f
`;
