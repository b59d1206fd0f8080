// The Rust host (runtime/), compiled the same way for the plugins and for the tests in their engine.

import { spawnSync } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const RUNTIME = join(ROOT, "runtime");

/** Directories of the build machine, and what the executable is told that they are called: it is the same from all. */
const PATHS = [
  [ROOT, "/berth"],
  [process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "/cargo"],
  [process.env.BERTH_CACHE ?? join(homedir(), ".cache/berth"), "/cache"],
];

const RUST_FLAGS = PATHS.flatMap(([from, to]) => ["--remap-path-prefix", `${from}=${to}`]);

/**
 * For the engine's C code. It leaves out its pool for small blocks: runtime/src/snapshot/heap.rs has one, and the snapshot
 * places each block by itself.
 */
const C_FLAGS = ["-D__SANITIZE_ADDRESS__", ...PATHS.map(([from, to]) => `-ffile-prefix-map=${from}=${to}`)];

/**
 * For the engine's C code in the executable, not in build scripts: that one is never moved, and nothing unwinds its stack.
 * By default it would be compiled for shared libraries, whose functions go through tables and are not inlined.
 */
const STATIC_FLAGS = ["-fno-pic", "-fno-pie", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables"];

/**
 * Compiles the unfinished executable for the target `triple`, with so many bytes for the snapshot, and `env` added to the
 * environment; the caller's CFLAGS and TARGET_CFLAGS are kept. Returns its path; undefined when that fails, which cargo has
 * said by then.
 */
export function compile(triple, size, env = {}) {
  // RUSTFLAGS would replace the flags of runtime/.cargo/config.toml; --config adds to them.
  const { RUSTFLAGS, CFLAGS = "", TARGET_CFLAGS = "", ...environment } = process.env;
  const flags = `target.'cfg(target_os = "linux")'.rustflags=${JSON.stringify(RUST_FLAGS)}`;
  const words = ["build", "--quiet", "--release", "--locked", "--target", triple, "--config", flags];
  const { status } = spawnSync("cargo", words, {
    cwd: RUNTIME,
    stdio: "inherit",
    env: {
      ...environment,
      CFLAGS: [CFLAGS, ...C_FLAGS].join(" ").trim(),
      TARGET_CFLAGS: [TARGET_CFLAGS, ...STATIC_FLAGS].join(" ").trim(),
      BERTH_SNAPSHOT_SIZE: `${size}`,
      ...env,
    },
  });
  return status === 0 ? join(env.CARGO_TARGET_DIR ?? join(RUNTIME, "target"), triple, "release/berth") : undefined;
}
