// Builds what other programs import (package.json's exports) into dist/lib: a bundle for each entry (esbuild), and the
// declarations of all that it is made of (tsc). For Node 20 or later; part of `npm pack`.

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const LIBRARY = join(ROOT, "dist/lib");
const TYPES = join(LIBRARY, "types");

/** Name in dist/lib -> entry point. */
const ENTRIES = { cni: "src/library/node/cni.ts" };

async function bundle() {
  const { build } = await import("esbuild");
  await build({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES,
    outdir: LIBRARY,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    charset: "utf8",
    logLevel: "warning",
  });
}

function declarations() {
  const tsc = join(ROOT, "node_modules/.bin/tsc");
  const { status } = spawnSync(tsc, ["-p", "tsconfig.library.json"], { cwd: ROOT, stdio: "inherit" });
  if (status !== 0) process.exit(1);
  // Declarations name what they import as the sources do, which is not there.
  for (const name of readdirSync(TYPES, { recursive: true }).filter((name) => name.endsWith(".d.ts"))) {
    const path = join(TYPES, name);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(/(from |import\()"(\.[^"]*)\.ts"/g, '$1"$2.js"'));
  }
}

rmSync(LIBRARY, { recursive: true, force: true });
await bundle();
declarations();
