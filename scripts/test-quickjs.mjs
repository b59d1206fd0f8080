// Runs the unit tests of the pure layers in the plugins' own engine (DESIGN §2): the test files are bundled with a
// small "bun:test" (test/quickjs) and embedded in a second executable in the place of berth's own bundles.
//
// Usage: node scripts/test-quickjs.mjs [--reporter=junit --reporter-outfile=FILE], as scripts/test.sh gives them; with --build
// it makes the executable and runs nothing (test/library plays recordings with it).
// Left out, and named, are tests that need Node, Bun, or libraries too heavy for the engine (FOREIGN).

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { compile } from "./cargo.mjs";
import { lineTable } from "./line-table.mjs";
import { finish } from "./training/finish.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OUT = join(ROOT, "build/quickjs");
const BUNDLES = join(OUT, "bundles");
const TARGET = join(OUT, "target");

/** Folders and files under test/ whose tests are meant to run in every engine. */
const PURE = [
  "quickjs",
  ...["base", "wire", "spec", "netlink", "rtnl", "nft", "invoke", "invoke/go"].map((layer) => `unit/${layer}`),
  ...["plan", "names", "config", "bridge"].map((name) => `unit/plugins/bridge/${name}.test.ts`),
];

/** What cannot run there: Node's modules and globals, and the libraries of property tests. */
const FOREIGN = /^import .*from "(node:|fast-check|ip-address)|\b(Buffer|Bun|process)\.|\bnew Text(En|De)coder\b/m;

/** Cargo's settings for a build that is made often and measured never. */
const QUICK_BUILD = { CARGO_PROFILE_RELEASE_LTO: "off", CARGO_PROFILE_RELEASE_CODEGEN_UNITS: "16" };

const HOST_MODULES = {
  name: "host-modules",
  setup({ onResolve }) {
    onResolve({ filter: /^bun:test$/ }, () => ({ path: join(ROOT, "test/quickjs/shim.ts") }));
    onResolve({ filter: /^#sys$/ }, () => ({ path: "berth:sys", external: true }));
  },
};

function testFiles() {
  return PURE.filter((path) => existsSync(join(ROOT, "test", path)))
    .flatMap((path) =>
      path.endsWith(".ts") ? [path] : readdirSync(join(ROOT, "test", path)).map((name) => `${path}/${name}`),
    )
    .filter((path) => path.endsWith(".test.ts"))
    .map((path) => `test/${path}`)
    .sort();
}

/** Bundle name -> test file: `test/unit/base/ip.test.ts` is `unit-base-ip`. */
function bundleNames(files) {
  return Object.fromEntries(files.map((file) => [file.slice(5, -8).replaceAll("/", "-"), file]));
}

async function bundle(tests) {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: { core: "test/quickjs/run.ts", play: "test/library/play-tool.ts", ...tests },
    outdir: BUNDLES,
    bundle: true,
    splitting: true,
    write: false,
    format: "esm",
    platform: "neutral",
    target: "es2023",
    external: ["berth:sys"],
    plugins: [HOST_MODULES],
    define: { TEST_FILES: JSON.stringify(tests) },
    sourcemap: "external",
    sourcesContent: false,
    logLevel: "warning",
  });
  const outputs = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
  const code = [...outputs].filter(([name]) => name.endsWith(".js"));
  const source = (path) => relative(ROOT, join(BUNDLES, path));
  const lines = code.map(([name, text]) => lineTable(name, text, JSON.parse(outputs.get(`${name}.map`)), source));
  return new Map([...code, ["core.lines", lines.join("")]]);
}

/** Writes what has changed and removes what is left over, so that cargo sees no change where there is none. */
function update(files) {
  mkdirSync(BUNDLES, { recursive: true });
  for (const [name, text] of files) {
    const path = join(BUNDLES, name);
    if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
  }
  for (const name of readdirSync(BUNDLES)) if (!files.has(name)) rmSync(join(BUNDLES, name));
}

/** More than all tests take. */
const SNAPSHOT_SIZE = 4 << 20;

function executable() {
  const triple = /^host: (.+)$/m.exec(spawnSync("rustc", ["-vV"], { encoding: "utf8" }).stdout)?.[1];
  if (triple === undefined) throw new Error("rustc is missing: see scripts/build.mjs");
  const env = { ...QUICK_BUILD, BERTH_BUNDLES: BUNDLES, CARGO_TARGET_DIR: TARGET };
  const unfinished = compile(triple, SNAPSHOT_SIZE, env);
  if (unfinished === undefined) throw new Error("the test executable does not build");
  const tests = join(OUT, "tests");
  writeFileSync(tests, finish(unfinished).executable, { mode: 0o755 });
  return tests;
}

/** The totals of scripts/test.sh's reporter. */
function writeReport({ tests, failures, skipped }) {
  const file = process.argv.map((arg) => /^--reporter-outfile=(.+)$/.exec(arg)?.[1]).find(Boolean);
  if (file === undefined) return;
  const suite = `<testsuites name="quickjs" tests="${tests}" failures="${failures}" skipped="${skipped}">`;
  writeFileSync(file, `<?xml version="1.0" encoding="UTF-8"?>\n${suite}\n</testsuites>\n`);
}

const isForeign = (path) => FOREIGN.test(readFileSync(join(ROOT, path), "utf8"));

const files = testFiles().filter((path) => !isForeign(path));
console.log(`left to Bun: ${testFiles().filter(isForeign).join(", ")}`);
update(await bundle(bundleNames(files)));
const tests = executable();
if (process.argv.includes("--build")) process.exit(0);
const { status, stdout, stderr } = spawnSync(tests, { encoding: "utf8", maxBuffer: 64 << 20 });
const lines = stdout.trimEnd().split("\n");
const totals = status === 0 || status === 1 ? lines.pop() : undefined;
process.stdout.write(lines.map((line) => `${line}\n`).join("") + stderr);
const counted = /^\{"tests":/.test(totals ?? "") ? JSON.parse(totals) : undefined;
if (counted === undefined) {
  console.log(totals ?? `the engine ended with status ${status}`);
  process.exit(1);
}
writeReport(counted);
const { failures, skipped } = counted;
console.log(
  `\n ${counted.tests - failures - skipped} pass\n ${failures} fail\nRan ${counted.tests} tests across ${files.length} files in QuickJS.`,
);
process.exit(failures > 0 ? 1 : 0);
