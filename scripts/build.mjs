// Builds berth: TypeScript -> bundles (esbuild) -> bytecode in a static executable (cargo) -> the same with a started
// engine in it (finish.mjs) -> dist/bin. With --arch ARCHITECTURE (amd64, arm64) -> dist/ARCHITECTURE/bin.
// For Node 20 or later. Does only what is needed: a second run without a change takes well under a second.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compile } from "./cargo.mjs";
import { install } from "./install.mjs";
import { lineTable } from "./line-table.mjs";
import { registry } from "./registry.mjs";
import { ARCHITECTURES, HOST, output, targetOf } from "./targets.mjs";
import { finish } from "./training/finish.mjs";
import { train } from "./training/train.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const BUNDLES = join(ROOT, "build/bundles");
/** A name a line. */
const PACKAGES = join(ROOT, "build/packages.txt");

/** Bundle -> entry point. The build evaluates `core`, whose `main` the host calls; programs.ts loads the others by name. */
function entries(plugins) {
  const cold = plugins
    .filter(({ start }) => start === "cold")
    .map(({ name }) => [name, `src/plugins/${name}/plugin.ts`]);
  return { core: "src/main.ts", log: "src/skel/log/logged.ts", tool: "src/tool/main.ts", ...Object.fromEntries(cold) };
}

/** "#sys" is the native module itself: the re-export in sys/quickjs/sys.ts is for type checkers and would cost time. */
const NATIVE_SYS = {
  name: "sys",
  setup: ({ onResolve }) => onResolve({ filter: /^#sys$/ }, () => ({ path: "berth:sys", external: true })),
};

/** What commander imports of Node, for the tool: the engine has none of it. */
const NODE = {
  "node:events": join(ROOT, "node_modules/events/events.js"),
  "node:process": join(ROOT, "src/sys/quickjs/node/process.ts"),
  "node:util": join(ROOT, "src/sys/quickjs/node/text.ts"),
  "node:fs": join(ROOT, "src/sys/quickjs/node/absent.ts"),
  "node:path": join(ROOT, "src/sys/quickjs/node/absent.ts"),
  "node:child_process": join(ROOT, "src/sys/quickjs/node/absent.ts"),
};

const ESBUILD = {
  absWorkingDir: ROOT,
  outdir: BUNDLES,
  bundle: true,
  splitting: true,
  write: false,
  metafile: true,
  format: "esm",
  platform: "neutral",
  target: "es2023",
  mainFields: ["module", "main"],
  external: ["berth:sys"],
  alias: NODE,
  plugins: [NATIVE_SYS],
  treeShaking: true,
  charset: "utf8",
  legalComments: "none",
  sourcemap: "external",
  sourcesContent: false,
  // Modules are evaluated synchronously.
  supported: { "top-level-await": false },
  logLevel: "warning",
};

/** Ends the build with a message for whoever runs it. */
function stop(message) {
  console.error(`build: ${message}`);
  process.exit(1);
}

function run(command, args, options) {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: "inherit", ...options });
  if (error) stop(`cannot run ${command}: ${error.message}`);
  if (status !== 0) stop(`${command} ${args.join(" ")} failed`);
}

/** Checks the tools that npm does not install. */
function checkTools() {
  const rustc = output("rustc", ["-vV"]);
  if (rustc === undefined || output("cargo", ["-V"]) === undefined) {
    stop(
      "cargo and rustc are missing: `apt install rustup && rustup default stable` (see runtime/Cargo.toml for the version)",
    );
  }
  if (output(process.env.CC ?? "cc", ["--version"]) === undefined) {
    stop("a C compiler and the static C library are missing: `apt install gcc libc6-dev`");
  }
  const triple = /^host: (.+)$/m.exec(rustc)[1];
  if (!triple.endsWith("-linux-gnu")) stop(`berth is built on Linux with glibc, not for ${triple}`);
}

/** What the command line asks for: how to build, and the directory of the executables. */
function wanted() {
  const { arch } = parseArgs({ options: { arch: { type: "string" } } }).values;
  const architecture = arch ?? HOST;
  const all = Object.keys(ARCHITECTURES).join(" and ");
  if (ARCHITECTURES[architecture] === undefined)
    stop(`berth is built for ${all}, not for ${architecture ?? process.arch}`);
  const { missing = [], ...target } = targetOf(architecture);
  if (missing.length > 0) stop(`for ${architecture} this is missing: ${missing.join(", ")}`);
  return { target, directory: join(ROOT, "dist", arch ?? "", "bin") };
}

async function bundle(plugins) {
  const { build } = await import("esbuild");
  const { outputFiles, metafile } = await build({ ...ESBUILD, entryPoints: entries(plugins) }).catch(() =>
    stop("esbuild found errors"),
  );
  mkdirSync(BUNDLES, { recursive: true });
  update(PACKAGES, packagesIn(metafile).join("\n"));
  return outputs(outputFiles, metafile);
}

/** The packages of npm that bundles have parts of: for the list of what is in the executable (scripts/release). */
function packagesIn({ outputs }) {
  const inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
  const names = inputs.map((path) => /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}

/** What `core` is made of: the build evaluates it, and the finished executable does not need its bytecode. */
function started({ outputs }) {
  const [core] = Object.keys(outputs).filter((path) => path.endsWith("/core.js"));
  const found = new Set([core]);
  for (const path of found) {
    for (const { path: next, kind } of outputs[path].imports)
      if (kind === "import-statement" && outputs[next]) found.add(next);
  }
  return found;
}

/** What esbuild made, by file name, with the chunks that bundles share renamed to shared1.js, shared2.js, …. */
function outputs(files, metafile) {
  const parts = Object.entries(metafile.outputs).filter(([path]) => path.endsWith(".js"));
  // By their first source file and not by esbuild's hash, so that an edit does not rename them.
  const chunks = parts.filter(([, part]) => part.entryPoint === undefined);
  chunks.sort(([, a], [, b]) => (Object.keys(a.inputs).join() < Object.keys(b.inputs).join() ? -1 : 1));
  const base = (path) => relative(BUNDLES, join(ROOT, path));
  const names = new Map(chunks.map(([path], index) => [base(path), `shared${index + 1}.js`]));
  const rename = (text) => [...names].reduce((renamed, [from, to]) => renamed.replaceAll(from, to), text);
  const text = (name) => files.find(({ path }) => relative(BUNDLES, path) === name)?.text;
  return parts.map(([path]) => ({
    isStarted: started(metafile).has(path),
    name: rename(base(path)),
    code: rename(text(base(path))),
    map: JSON.parse(text(`${base(path)}.map`)),
  }));
}

/** The line tables of all files, for any stack. */
function table(parts) {
  const rename = (source) => relative(ROOT, join(BUNDLES, source));
  return parts.map(({ name, code, map }) => lineTable(name, code, map, rename)).join("");
}

/** Writes a file only when its content changes, so that cargo sees no change where there is none. */
function update(path, text) {
  if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
}

function writeBundles(parts) {
  mkdirSync(BUNDLES, { recursive: true });
  const wanted = new Map(parts.map((part) => [part.name, part.code]));
  wanted.set("core.lines", table(parts));
  wanted.set("core.started", parts.flatMap(({ name, isStarted }) => (isStarted ? `${name}\n` : [])).join(""));
  for (const [name, text] of wanted) update(join(BUNDLES, name), text);
  for (const name of readdirSync(BUNDLES)) if (!wanted.has(name)) rmSync(join(BUNDLES, name));
}

/** What the size of the snapshot's memory is a multiple of. */
const STEP = 8 << 10;

/** The finished executable. The memory for its snapshot is as large as it must be: once measured, it is built with that. */
function finished({ triple, env, runner }) {
  const file = join(ROOT, `build/snapshot-size-${triple}`);
  let size = existsSync(file) ? Number(readFileSync(file, "utf8")) : 2 << 20;
  for (;;) {
    const unfinished = compile(triple, size, env) ?? stop("cargo failed");
    const { executable, used, failures } = finish(unfinished, train, runner);
    const enough = used === undefined ? 2 * size : Math.ceil(used / STEP) * STEP;
    if (enough === size) {
      for (const failure of failures) console.error(`build: calls will be slower: training is out of date: ${failure}`);
      return executable;
    }
    size = enough;
    writeFileSync(file, `${size}`);
  }
}

checkTools();
const { target, directory } = wanted();
if (!existsSync(join(ROOT, "node_modules"))) run("npm", ["ci"]);
const plugins = await registry();
writeBundles(await bundle(plugins));
install(
  finished(target),
  directory,
  plugins.map(({ name }) => name),
);
