// What berth is built for, and with what. The environment overrides each part: BERTH_TARGET the target, TARGET_CC and
// CARGO_TARGET_…_LINKER the compiler and the linker, BERTH_RUNNER what runs the unfinished executable.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CACHE = process.env.BERTH_CACHE ?? join(homedir(), ".cache/berth");

/** Architectures, as Debian, Go and OCI call them, and as Rust, GNU and QEMU do. */
export const ARCHITECTURES = { amd64: "x86_64", arm64: "aarch64" };

/** The architecture of this machine; undefined when it is none of these. */
export const HOST = { x64: "amd64", arm64: "arm64" }[process.arch];

/** The output of a command, or undefined when it is not there or fails. */
export function output(command, args) {
  const { status, stdout } = spawnSync(command, args, { encoding: "utf8" });
  return status === 0 ? stdout : undefined;
}

/** Whether Rust's library for a target is installed. */
function hasLibrary(triple) {
  return existsSync(output("rustc", ["--print", "target-libdir", "--target", triple])?.trim() ?? "");
}

function setUp(...call) {
  spawnSync("bash", ["-c", `. scripts/setup.sh; "$@"`, "-", ...call], { cwd: ROOT, stdio: "inherit" });
}

/**
 * How an architecture is built for: Rust's `triple`, `env` for cargo, and the words before the path of an unfinished
 * executable that is run (`runner`). With `missing`, what this machine lacks for it and could not be installed.
 *
 * With musl, a call starts in a third less time than with glibc, which asks for the sizes of caches first; on its own
 * architecture berth is built without it where it cannot be had, and is the same but for that.
 */
export function targetOf(architecture) {
  const { BERTH_TARGET, BERTH_RUNNER } = process.env;
  const target = architecture === HOST ? native(architecture) : foreign(architecture);
  return {
    ...target,
    triple: BERTH_TARGET ?? target.triple,
    runner: BERTH_RUNNER?.split(" ").filter(Boolean) ?? target.runner,
  };
}

function native(architecture) {
  const rust = ARCHITECTURES[architecture];
  const triple = `${rust}-unknown-linux-musl`;
  const musl = { triple, env: compilers(triple, "musl-gcc"), runner: [] };
  const ready = () => output("musl-gcc", ["--version"]) !== undefined && hasLibrary(triple);
  if (process.env.BERTH_TARGET !== undefined || ready()) return musl;
  setUp("install_musl");
  if (ready()) return musl;
  console.error("build: with glibc, as musl is not here: calls will start slower");
  return { triple: `${rust}-unknown-linux-gnu`, env: {}, runner: [] };
}

function foreign(architecture) {
  const rust = ARCHITECTURES[architecture];
  const triple = `${rust}-unknown-linux-musl`;
  const [gcc, qemu] = [`${rust}-linux-gnu-gcc`, `qemu-${rust}-static`];
  const wrapper = join(CACHE, `musl-${architecture}/musl-gcc`);
  const lacks = () => [
    ...[gcc, qemu, wrapper].filter((command) => output(command, ["--version"]) === undefined),
    ...(hasLibrary(triple) ? [] : [`Rust's library for ${triple}`]),
  ];
  const target = { triple, env: compilers(triple, wrapper, gcc), runner: [qemu] };
  if (process.env.BERTH_TARGET !== undefined || lacks().length === 0) return target;
  setUp("install_cross", architecture, rust);
  return { ...target, missing: lacks() };
}

/** Variables that name the compilers, but for those that the caller of the build has set. */
function compilers(triple, compiler, linker) {
  const key = `CARGO_TARGET_${triple.toUpperCase().replaceAll("-", "_")}_LINKER`;
  const all = { TARGET_CC: compiler, [key]: linker };
  return Object.fromEntries(Object.entries(all).filter(([name, value]) => value && process.env[name] === undefined));
}
