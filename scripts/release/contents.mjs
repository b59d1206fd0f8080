// What is in the executable besides berth: the crates that cargo links, the packages of npm that bundles have parts of, Rust's own library, and C code.

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const RUNTIME = join(ROOT, "runtime");

function output(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: RUNTIME,
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? stderr}`);
  return stdout;
}

/**
 * The crates that are compiled for the executable, itself left out. `cargo tree` says which: in the metadata are also those of
 * features that are not asked for on this target. Those of build scripts and macros are not in the executable.
 */
function linked(triple) {
  const metadata = output("cargo", "metadata", "--format-version=1", "--locked", `--filter-platform=${triple}`);
  const { packages, resolve } = JSON.parse(metadata);
  const edges = ["--edges=normal,no-proc-macro", "--prefix=none", "--format={p}", "--locked", `--target=${triple}`];
  const lines = output("cargo", "tree", ...edges).split("\n");
  const names = new Set(lines.map((line) => line.split(" ").slice(0, 2).join(" ")));
  return packages.filter(({ id, name, version }) => id !== resolve.root && names.has(`${name} v${version}`));
}

/** The files of a directory that are named as licences are, with their texts. */
function licencesIn(directory) {
  const names = readdirSync(directory).filter((name) => /^(licen[sc]e|copying|copyright)/i.test(name));
  return names.sort().map((name) => readFileSync(join(directory, name), "utf8").trim());
}

function quickjs(directory) {
  const header = readFileSync(join(directory, "quickjs.h"), "utf8");
  const part = (name) => new RegExp(`#define QJS_VERSION_${name}\\s+(\\d+)`).exec(header)?.[1] ?? "0";
  return {
    name: "quickjs-ng",
    version: ["MAJOR", "MINOR", "PATCH"].map(part).join("."),
    licence: "MIT",
    texts: licencesIn(directory),
  };
}

/** Of npm, as the last build noted them (scripts/build.mjs). */
function packages() {
  const names = readFileSync(join(ROOT, "build/packages.txt"), "utf8").split("\n");
  return names.map((name) => {
    const directory = join(ROOT, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
    return { name, version, licence: license, purl: `pkg:npm/${name}@${version}`, texts: licencesIn(directory) };
  });
}

/**
 * The components of the executable for the target `triple`, by name: { name, version, licence, texts, purl? }, licences as
 * SPDX expressions. Rust's own library and musl come with the compiler, whose licences these are.
 */
export function components(triple) {
  const crates = linked(triple).map(({ name, version, license, manifest_path }) => ({
    name,
    version,
    licence: license,
    purl: `pkg:cargo/${name}@${version}`,
    texts: licencesIn(dirname(manifest_path)),
    directory: dirname(manifest_path),
  }));
  const engine = crates.find(({ name }) => name === "rquickjs-sys");
  const rust = /^release: (.+)$/m.exec(output("rustc", "-vV"))?.[1] ?? "unknown";
  const all = [
    ...crates,
    ...packages(),
    quickjs(join(engine.directory, "quickjs")),
    { name: "rust-std", version: rust, licence: "MIT OR Apache-2.0", texts: [] },
    { name: "musl", version: `of Rust ${rust}`, licence: "MIT", texts: [] },
  ];
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}
