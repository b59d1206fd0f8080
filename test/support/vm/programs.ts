/** Programs for the machine: this machine's own, or of another architecture as scripts/vm.sh unpacks them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { attempt } from "../command.ts";
import { CACHE } from "../needs.ts";
import { directory, type Entry, executable, symlink } from "./cpio.ts";
import type { Architecture } from "./kernel.ts";

const HOST: Architecture = process.arch === "arm64" ? "arm64" : "amd64";
const GNU = { amd64: "x86_64-linux-gnu", arm64: "aarch64-linux-gnu" };
/** Those with links out of the root (sbin/ip) come last. */
const DIRECTORIES = ["usr/local/bin", "usr/local/sbin", "usr/bin", "bin", "usr/sbin", "sbin"];

/** Where the files of an architecture are. */
const rootOf = (architecture: Architecture) =>
  architecture === HOST ? "/" : join(CACHE, `vm/programs-${architecture}`);

export const BUSYBOX = "busybox";
const IPTABLES = "xtables-nft-multi";
/** What iptables is called as. */
const IPTABLES_NAMES = [
  "iptables",
  "ip6tables",
  "iptables-save",
  "ip6tables-save",
  "iptables-restore",
  "ip6tables-restore",
];

/** Whether what a machine needs is there, and the iptables command. */
export function hasPrograms(architecture: Architecture): boolean {
  return [BUSYBOX, "ip", "bridge", "nft", IPTABLES].every((name) => pathOf(architecture, name) !== undefined);
}

/** A program's path in its root. */
function pathOf(architecture: Architecture, name: string): string | undefined {
  return DIRECTORIES.map((dir) => join(dir, name)).find((path) => existsSync(join(rootOf(architecture), path)));
}

/** busybox, iproute2, nft and iptables at bin/, and the libraries where they look for them. */
export function programs(architecture: Architecture): Entry[] {
  const root = rootOf(architecture);
  const found = ["ip", "bridge", "nft", IPTABLES, BUSYBOX].map((name) => pathOf(architecture, name) ?? "");
  const extensions = readdirSync(join(root, "usr/lib", GNU[architecture], "xtables"))
    .filter((name) => /_(comment|MASQUERADE|standard)\.so$/.test(name))
    .map((name) => `usr/lib/${GNU[architecture]}/xtables/${name}`);
  const libraries = librariesOf(architecture, [...found, ...extensions]);
  const file = (path: string, at = path) => executable(at, readFileSync(join(root, path)));
  return [
    ...parentsOf([...extensions, ...libraries.keys()]).map(directory),
    ...found.map((path) => file(path, `bin/${basename(path)}`)),
    ...IPTABLES_NAMES.map((name) => symlink(`bin/${name}`, IPTABLES)),
    ...extensions.map((path) => file(path)),
    ...[...libraries].map(([at, path]) => file(path, at)),
  ];
}

/** The libraries and loaders that the files need: where they are looked for, and where they are in the root. */
function librariesOf(architecture: Architecture, files: readonly string[]): Map<string, string> {
  const root = rootOf(architecture);
  const gnu = GNU[architecture];
  const places = [`lib/${gnu}`, `usr/lib/${gnu}`, "lib64", "usr/lib64", "lib", "usr/lib"];
  const all = new Map<string, string>();
  const visit = (file: string): void => {
    const { stdout } = attempt(undefined, "readelf", "-d", "-l", join(root, file));
    const [loader] = /interpreter: \/([^\]]+)\]/.exec(stdout)?.slice(1) ?? [];
    if (loader) all.set(loader, loader);
    for (const [, name = ""] of stdout.matchAll(/\(NEEDED\)\s+Shared library: \[([^\]]+)\]/g)) {
      const path = places.map((place) => join(place, name)).find((one) => existsSync(join(root, one)));
      if (path === undefined) throw new Error(`${file} needs ${name}, which is not in ${root}`);
      if (all.has(`lib/${gnu}/${name}`)) continue;
      all.set(`lib/${gnu}/${name}`, path);
      visit(path);
    }
  };
  for (const file of files) visit(file);
  return all;
}

/** All directories above the files, each before those in it. */
function parentsOf(files: readonly string[]): string[] {
  const parents = files.flatMap((file) => {
    const parts = file.split("/").slice(0, -1);
    return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
  });
  return [...new Set(parents)];
}
