/**
 * Debian's kernels (kernels.txt), as scripts/vm.sh unpacks their packages, and the modules that a test wants of them.
 * BERTH_VM names those to test on, "5.10 amd64, 6.1 amd64"; without it they are those of `npm test`.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { CACHE } from "../needs.ts";

/** The architectures of machines, as Debian calls them. */
export type Architecture = "amd64" | "arm64";

export interface Kernel {
  /** Its version and flavour in kernels.txt: "6.12 arm64-16k". */
  name: string;
  architecture: Architecture;
  /** Where its package is unpacked, if it is. */
  root: string;
}

/** A line of kernels.txt, and the command that runs it. */
interface Row extends Kernel {
  command: string;
}

function rows(): Row[] {
  const lines = readFileSync(join(import.meta.dir, "kernels.txt"), "utf8").split("\n");
  return lines.filter((line) => line !== "" && !line.startsWith("#")).map(rowOf);
}

function rowOf(line: string): Row {
  const [version, flavour = "", , , command = ""] = line.split(/ +/);
  const architecture = flavour.split("-")[0] as Architecture;
  return { name: `${version} ${flavour}`, architecture, root: join(CACHE, `vm/kernel-${version}-${flavour}`), command };
}

/** All of kernels.txt. */
export const KERNELS: readonly Kernel[] = rows();

/** The kernels to test on. @throws Error when BERTH_VM names one that kernels.txt does not */
export function kernels(wanted = process.env.BERTH_VM): Kernel[] {
  if (wanted === undefined) return rows().filter(({ command }) => command === "test");
  return wanted.split(",").map((text) => {
    const name = text.trim();
    const kernel = KERNELS.find((one) => one.name === name);
    if (!kernel) throw new Error(`BERTH_VM: there is no kernel ${name}: ${KERNELS.map((one) => one.name).join(", ")}`);
    return kernel;
  });
}

export interface Unpacked {
  /** As `uname -r` says. */
  release: string;
  /** The file that is booted. */
  image: string;
  /** The directory of its modules. */
  modules: string;
}

/** What its package holds; undefined where it is not installed. */
export function unpacked({ root }: Kernel): Unpacked | undefined {
  const places = ["lib", "usr/lib"].map((lib) => join(root, lib, "modules")).filter(existsSync);
  const [found] = places.flatMap((place) => readdirSync(place).map((release) => ({ place, release })));
  if (found === undefined) return;
  const modules = join(found.place, found.release);
  const image = [join(root, "boot", `vmlinuz-${found.release}`), join(modules, "vmlinuz")].find(existsSync);
  return image === undefined ? undefined : { release: found.release, image, modules };
}

export interface Module {
  name: string;
  data: Uint8Array;
}

/**
 * The modules `wanted` with what they depend on, in the order in which they are to be loaded. What is no module is taken
 * to be built in.
 */
export function modulesOf({ modules }: Unpacked, wanted: readonly string[]): Module[] {
  const files = readdirSync(modules, { recursive: true, encoding: "utf8" }).filter((file) => /\.ko(\.xz)?$/.test(file));
  const byName = new Map(files.map((file) => [nameOf(basename(file)), join(modules, file)]));
  const loaded = new Map<string, Module>();
  const load = (name: string): void => {
    const file = byName.get(nameOf(name));
    if (file === undefined || loaded.has(nameOf(name))) return;
    const data = contentOf(file);
    for (const other of dependenciesOf(data)) load(other);
    loaded.set(nameOf(name), { name: nameOf(name), data });
  };
  for (const name of wanted) load(name);
  return [...loaded.values()];
}

function nameOf(file: string): string {
  return file.replace(/\.ko(\.xz)?$/, "").replaceAll("-", "_");
}

function contentOf(file: string): Uint8Array {
  if (!file.endsWith(".xz")) return readFileSync(file);
  return Bun.spawnSync(["xz", "--decompress", "--stdout", file]).stdout;
}

/** What its section .modinfo says. */
function dependenciesOf(module: Uint8Array): string[] {
  const text = Buffer.from(module).toString("latin1");
  return /\0depends=([^\0]*)\0/.exec(text)?.[1]?.split(",").filter(Boolean) ?? [];
}
