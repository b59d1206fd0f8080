/**
 * A virtual machine with another kernel than the tests': one of Debian's, in software emulation. It runs one shell script
 * and is gone. In it are busybox, iproute2, nft, iptables, the plugins under test in /berth and the reference's in
 * /reference.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REGISTRY } from "../../../src/registry.ts";
import { attempt } from "../command.ts";
import { ARM64_BIN } from "../foreign.ts";
import { BIN, type Need, REFERENCE } from "../needs.ts";
import { cpio, directory, type Entry, executable, symlink } from "./cpio.ts";
import { type Architecture, type Kernel, modulesOf, type Unpacked, unpacked } from "./kernel.ts";
import { BUSYBOX, hasPrograms, programs } from "./programs.ts";

/** How a machine is made, its first console, and the plugins for it. */
interface Hardware {
  qemu: string[];
  console: string;
  bin: string;
  reference: string;
}

const HARDWARE: Record<Architecture, Hardware> = {
  amd64: { qemu: ["qemu-system-x86_64", "-cpu", "max"], console: "ttyS0", ...plugins("x64") },
  // The signing of pointers as the architecture has it would be most of what is emulated.
  arm64: {
    qemu: ["qemu-system-aarch64", "-M", "virt", "-cpu", "max,pauth-impdef=on"],
    console: "ttyAMA0",
    ...plugins("arm64"),
  },
};

/** The plugins for the architecture that Node calls `arch`. */
function plugins(arch: "x64" | "arm64"): Pick<Hardware, "bin" | "reference"> {
  if (process.arch === arch) return { bin: BIN, reference: REFERENCE };
  return { bin: ARM64_BIN, reference: `${REFERENCE}-${arch}` };
}

const COMMANDS = { amd64: "npm run build", arm64: "npm run build -- --arch arm64" };

/** That a machine with this kernel can be booted, with both sets of plugins in it. */
export function bootable(kernel: Kernel): Need {
  const { qemu, bin, reference } = HARDWARE[kernel.architecture];
  const { name, architecture } = kernel;
  return {
    what: `Linux ${name} in ${qemu[0]} (npm run kernels), ${bin} (${COMMANDS[architecture]}) and ${reference}`,
    met: () =>
      Bun.which(qemu[0] ?? "") !== null &&
      unpacked(kernel) !== undefined &&
      hasPrograms(architecture) &&
      [bin, reference].every((place) => existsSync(join(place, "bridge"))),
  };
}

/** What a machine has in it beside the plugins and the programs that all have. */
export interface Contents {
  /** Modules that are loaded, with what they depend on. */
  modules: readonly string[];
  /** Modules that are only there: /modules/NAME.ko. */
  spare?: readonly string[];
  /** Programs, to be at bin/, and other files of this machine: only for one of its architecture. */
  programs?: readonly string[];
  files?: readonly string[];
  /** Of the machine, in MiB, half of which its files may take; 512 when absent. */
  memory?: number;
}

/** For the console that the script prints to; the first is what some need without saying so. */
const BASE = ["crc32c_generic", "virtio_pci", "virtio_console"];

const USUAL: Contents = {
  modules: [
    ...["bridge", "8021q", "veth", "nf_tables", "nft_chain_nat", "nft_masq", "nft_meta_bridge"],
    ...["nft_counter", "nft_compat", "xt_comment", "xt_MASQUERADE"],
  ],
};

export interface Run {
  /** What the script printed. */
  output: string;
  /** As `uname -r` says inside. */
  release: string;
  seconds: number;
}

/** Boots, runs `script` with `sh` as root, and ends the machine. @throws Error when it does not come to the script's end */
export async function runInVm(kernel: Kernel, script: string, contents = USUAL, timeout = 500_000): Promise<Run> {
  const package_ = unpacked(kernel);
  if (package_ === undefined) throw new Error(`Linux ${kernel.name} is not there to be booted: npm run kernels`);
  const hardware = HARDWARE[kernel.architecture];
  const dir = mkdtempSync(join(tmpdir(), "berth-vm-"));
  const started = performance.now();
  try {
    writeFileSync(join(dir, "initramfs"), cpio(filesOf(kernel.architecture, package_, script, contents)));
    const words = commandLine(hardware, package_, dir, contents.memory);
    const machine = Bun.spawn(words, { stdin: "ignore", stdout: "ignore", stderr: "pipe", timeout });
    await machine.exited;
    const output = read(join(dir, "output"));
    const end = output.lastIndexOf(DONE);
    if (end < 0) throw new Error(`the machine did not finish: ${read(join(dir, "console")).slice(-2000)}\n${output}`);
    return { output: output.slice(0, end), release: package_.release, seconds: (performance.now() - started) / 1000 };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** A console gives every newline a carriage return. Empty when the machine has not come to it. */
function read(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8").replaceAll("\r", "") : "";
}

const DONE = "@@ the script has ended\n";

/** What the script prints goes to a console of its own, of a kind that all machines have. */
function commandLine({ qemu, console: tty }: Hardware, { image }: Unpacked, dir: string, memory = 512): string[] {
  return [
    ...[...qemu, "-m", `${memory}`, "-no-reboot", "-display", "none", "-monitor", "none", "-nic", "none"],
    ...["-serial", `file:${join(dir, "console")}`, "-device", "virtio-serial-pci"],
    ...["-chardev", `file,id=output,path=${join(dir, "output")}`, "-device", "virtconsole,chardev=output"],
    ...["-kernel", image, "-initrd", join(dir, "initramfs")],
    ...["-append", `console=${tty} loglevel=4 panic=-1 random.trust_cpu=on mitigations=off`],
  ];
}

function filesOf(
  architecture: Architecture,
  package_: Unpacked,
  script: string,
  { modules: wanted, spare = [], programs: more = [], files = [] }: Contents,
): Entry[] {
  const { bin, reference } = HARDWARE[architecture];
  const modules = modulesOf(package_, [...BASE, ...wanted]);
  const text = (value: string) => new TextEncoder().encode(value);
  const directories = ["bin", "berth", "reference", "modules", "proc", "sys", "dev", "run", "tmp", "var", "etc"];
  return [
    ...directories.map(directory),
    ...programs(architecture),
    executable("init", text(init(modules.map(({ name }) => name)))),
    executable("script", text(`${OWN_IP}\n${script}`)),
    symlink("bin/sh", BUSYBOX),
    ...[...modules, ...modulesOf(package_, spare)].map(({ name, data }) => executable(`modules/${name}.ko`, data)),
    executable("berth/berth", readFileSync(join(bin, "berth"))),
    ...REGISTRY.map(({ name }) => symlink(`berth/${name}`, "berth")),
    ...REGISTRY.filter(({ name }) => existsSync(join(reference, name))).map(({ name }) =>
      executable(`reference/${name}`, readFileSync(join(reference, name))),
    ),
    ...more.flatMap(program),
    ...files.flatMap(copied),
  ];
}

/** A program of this machine, at bin/, and its libraries where it looks for them. */
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
ln -s /proc/self/fd/0 /dev/stdin
mount -t tmpfs run /run
${modules.map((name) => `insmod /modules/${name}.ko`).join("\n")}
sh /script </dev/null >/dev/hvc0 2>&1
printf '${DONE.replace("\n", "\\n")}' >/dev/hvc0
poweroff -f
`;
