/** Debian's kernel, as scripts/setup.sh unpacks its package, and the modules that a test wants of it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { CACHE } from "../needs.ts";

const ROOT = join(CACHE, "vm-kernel");

export interface Kernel {
  /** As `uname -r` says. */
  release: string;
  /** The file that is booted. */
  image: string;
}

/** Undefined where it is not installed. */
export function findKernel(): Kernel | undefined {
  const boot = join(ROOT, "boot");
  const image = existsSync(boot) ? readdirSync(boot).find((name) => name.startsWith("vmlinuz-")) : undefined;
  return image === undefined ? undefined : { release: image.slice("vmlinuz-".length), image: join(boot, image) };
}

export interface Module {
  name: string;
  data: Uint8Array;
}

/**
 * The modules `wanted` with what they depend on, in the order in which they are to be loaded. What is no module is taken
 * to be built in.
 */
export function modulesOf({ release }: Kernel, wanted: readonly string[]): Module[] {
  const root = ["lib", "usr/lib"].map((lib) => join(ROOT, lib, "modules", release)).find(existsSync) ?? "";
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => /\.ko(\.xz)?$/.test(file));
  const byName = new Map(files.map((file) => [nameOf(basename(file)), join(root, file)]));
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
