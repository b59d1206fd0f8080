// Builds what other programs import (package.json's exports) into dist/lib: a bundle for each entry (esbuild), and the
// declarations of all that it is made of (tsc). For Node 20 or later; part of `npm pack`.

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const LIBRARY = join(ROOT, "dist/lib");
const TYPES = join(LIBRARY, "types");

/** Name in dist/lib -> entry point, of what runs on Node and Bun; and of what runs on Bun alone. */
const EVERYWHERE = {
  cni: "src/library/node/cni.ts",
  "netlink-absent": "src/library/node/netlink.ts",
  "service-absent": "src/library/node/service.ts",
};
const ON_BUN = {
  netlink: "src/library/bun/netlink.ts",
  service: "src/library/bun/service.ts",
  "nft-worker": "src/service/bun/nft-worker.ts",
  "read-worker": "src/service/bun/read-worker.ts",
};

const ESBUILD = {
  absWorkingDir: ROOT,
  outdir: LIBRARY,
  bundle: true,
  format: "esm",
  charset: "utf8",
  logLevel: "warning",
};

async function bundle() {
  const { build } = await import("esbuild");
  await build({ ...ESBUILD, entryPoints: EVERYWHERE, splitting: true, platform: "node", target: "node20" });
  const external = ["bun", "bun:*", "node:*"];
  await build({ ...ESBUILD, entryPoints: ON_BUN, platform: "neutral", conditions: ["bun"], external });
}

/** Threads are started by their files' names, as the sources have them. */
function nameWorkers() {
  const path = join(LIBRARY, "service.js");
  let text = readFileSync(path, "utf8");
  for (const name of ["nft-worker", "read-worker"]) {
    if (!text.includes(`./${name}.ts`)) throw new Error(`service.js starts no ./${name}.ts`);
    text = text.replace(`./${name}.ts`, `./${name}.js`);
  }
  writeFileSync(path, text);
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
nameWorkers();
declarations();
