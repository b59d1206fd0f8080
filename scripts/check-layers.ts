/**
 * `npm run layers`: the import table of DESIGN §3, and the house's rules on files, enforced on src/; how long
 * files may be, on test/, scripts/ and runtime/src/ too; and that docs/architecture.svg and the table in
 * docs/architecture.md show the imports that there are.
 *
 * Usage: bun scripts/check-layers.ts [--picture] [ROOT]. Prints each offence as `file: why` and ends with 1 if there is
 * one. With --picture it writes the picture and the table, where nothing else is wrong.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { REGISTRY } from "../src/registry.ts";
import { staleDocuments, writeDocuments } from "./layers/documents.ts";
import { type Folders, foldersOf } from "./layers/folders.ts";
import { unexplained } from "./layers/purposes.ts";

/** What each folder of src may import besides itself. Files of src itself stand above all and may import anything. */
const LAYERS: Record<string, readonly string[]> = {
  base: [],
  wire: ["base"],
  spec: ["base"],
  sys: ["base"],
  netlink: ["base", "wire", "sys"],
  rtnl: ["base", "wire", "netlink"],
  nft: ["base", "wire", "netlink"],
  ct: ["base", "wire", "netlink"],
  iptables: ["base", "sys", "spec"],
  host: ["base", "sys", "netlink", "rtnl", "ct"],
  features: ["base", "spec", "sys", "host", "rtnl", "nft", "ct", "iptables"],
  skel: ["base", "spec", "sys"],
  delegate: ["base", "spec", "sys"],
  invoke: ["base", "spec"],
  library: ["base", "spec", "invoke"],
  veth: ["base", "spec", "sys", "host", "features", "delegate", "rtnl"],
  plugins: ["base", "spec", "sys", "host", "features", "delegate", "rtnl", "veth"],
  service: ["base", "wire", "spec", "sys", "netlink", "nft", "ct", "host", "features"],
};
const BELOW_THE_TOP = [...Object.keys(LAYERS).filter((layer) => layer !== "skel"), "tool"];
const TOP = ["registry.ts", "programs.ts", "cli.ts", "main.ts"];

/** The same of plugins of kind ipam: they run without root, so without netlink. */
const IPAM_LAYERS = ["base", "spec", "sys"];

/** What host may import of nft: its client, and the question whether it works. */
const NFT_CLIENT = /^src\/nft\/(client|find)\.ts$/;

const KINDS = new Map<string, string>(REGISTRY.map(({ name, kind }) => [name, kind]));

const MAX_LINES = 300;
const MANY_LINES = 250;

/** Where only the length of files is looked at, and of which: programs, not data. */
const BESIDE_SRC = ["test", "scripts", "runtime/src"];
const PROGRAM = /\.(ts|mjs|rs|c|go|py|sh)$/;

/** A zod schema: for tests and the tool, so that neither it nor zod is in what a plugin's call loads. */
const SCHEMA = /\/schema\.ts$/;
const MAY_IMPORT_SCHEMAS = /^src\/tool\/|\/schema\.ts$/;
const MAY_IMPORT_ZOD = /^src\/(tool|service|library)\/|\/schema\.ts$/;

/** What is named for a host, and may know it. */
const ON_HOST = /^src\/(sys\/bun|service\/bun|library)\//;

/** What `#sys` stands for (package.json), as far as it exists. */
const SYS_HOSTS = ["src/sys/quickjs/sys.ts", "src/sys/bun/sys.ts"];

interface Edge {
  from: string;
  /** The file imported, from the root, or the name of a package. */
  to: string;
}

interface Findings {
  offences: string[];
  /** Worth a look, no offence. */
  notes: string[];
  files: number;
  edges: number;
  /** Of the folders that the table knows. */
  folders: Folders;
}

/** Checks `root`/src, and the length of files beside it. */
export function checkLayers(root: string): Findings {
  const files = filesIn(root, "src", /\.ts$/);
  const texts = textsOf(root, files);
  const beside = BESIDE_SRC.flatMap((folder) => filesIn(root, folder, PROGRAM));
  const edges = [...texts].flatMap(([file, text]) => edgesOf(file, text, texts));
  const known = files.filter(isKnown);
  const folders = foldersOf(known, edges, layerOf);
  const lines = [...texts, ...textsOf(root, beside)].map(([file, text]) => ({
    file,
    count: text.split("\n").length - 1,
  }));
  const offences = [
    ...files.flatMap(nameOffences),
    ...[...texts].flatMap(([file, text]) => chanceOffences(file, text)),
    ...lines.filter((l) => l.count > MAX_LINES).map((l) => `${l.file}: ${l.count} lines, ${MAX_LINES} are allowed`),
    ...edges.flatMap((edge) => edgeOffences(edge, texts)),
    ...cycles(edges).map((cycle) => `${cycle[0]}: import cycle ${[...cycle, cycle[0]].join(" -> ")}`),
    ...folderOffences(folders),
  ];
  const notes = lines
    .filter((l) => l.count > MANY_LINES && l.count <= MAX_LINES)
    .map((l) => `${l.file}: ${l.count} lines, more than ${MANY_LINES}`);
  return { offences, notes, files: files.length, edges: edges.length, folders };
}

/** The files under `root`/`folder`, at any depth, whose names are so; none where that folder is not there. */
function filesIn(root: string, folder: string, wanted: RegExp): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => wanted.test(name))
    .map((name) => `${folder}/${name}`)
    .sort();
}

function textsOf(root: string, files: readonly string[]): Map<string, string> {
  return new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));
}

/** The engine's own random numbers are seeded when the executable is built. */
function chanceOffences(file: string, text: string): string[] {
  return /\bMath\.random\b/.test(codeOf(text)) ? [`${file}: Math.random is the same in each process: sys.random`] : [];
}

function nameOffences(file: string): string[] {
  const offences: string[] = [];
  if (file.endsWith("/index.ts")) offences.push(`${file}: no index.ts; import the file that has the symbol`);
  if (/\/utils?(\/|\.ts$)/.test(file)) offences.push(`${file}: no utils; name the concept`);
  const isPlugin = layerOf(file) === "plugins";
  const unknown = isPlugin
    ? `src/registry.ts has no plugin ${pluginOf(file)}`
    : `${layerOf(file)} is not a layer of DESIGN §3`;
  if (!isKnown(file)) offences.push(`${file}: ${unknown}`);
  return offences;
}

function isKnown(file: string): boolean {
  return file.split("/").length === 2 ? TOP.includes(layerOf(file)) : mayImport(file) !== undefined;
}

/** The folders that `file` may import besides its own; undefined for a folder that the table does not have. */
function mayImport(file: string): readonly string[] | undefined {
  const layer = layerOf(file);
  if (layer === "registry.ts") return ["spec"];
  if (TOP.includes(layer)) return [...BELOW_THE_TOP, "skel", ...TOP];
  if (layer === "tool") return [...BELOW_THE_TOP, "registry.ts"];
  if (layer === "plugins") {
    const kind = KINDS.get(pluginOf(file));
    return kind === undefined ? undefined : kind === "ipam" ? IPAM_LAYERS : LAYERS.plugins;
  }
  if (file.startsWith("src/library/bun/"))
    return ["base", "invoke", "wire", "netlink", "rtnl", "nft", "sys", "service"];
  return LAYERS[layer];
}

function layerOf(file: string): string {
  return file.split("/")[1] ?? "";
}

/** "bridge" of src/plugins/bridge/plan.ts, "loopback" of src/plugins/loopback.ts. */
function pluginOf(file: string): string {
  return (file.split("/")[2] ?? "").replace(/\.ts$/, "");
}

function edgeOffences({ from, to }: Edge, files: ReadonlyMap<string, string>): string[] {
  if (!to.startsWith("src/")) return packageOffences(from, to);
  if (!files.has(to)) return [`${from}: imports ${to}, which does not exist (imports name the file with .ts)`];
  if (SCHEMA.test(to) && !MAY_IMPORT_SCHEMAS.test(from)) return [`${from}: only tests and the tool may import ${to}`];
  const layer = layerOf(from);
  const target = layerOf(to);
  if (layer === target) {
    const crosses = layer === "plugins" && pluginOf(from) !== pluginOf(to);
    return crosses ? [`${from}: the plugin ${pluginOf(from)} may not import the plugin ${pluginOf(to)} (${to})`] : [];
  }
  const allowed = mayImport(from);
  if (allowed === undefined || allowed.includes(target)) return [];
  if (layer === "host" && NFT_CLIENT.test(to)) return [];
  const who = layer === "plugins" ? `plugins/${pluginOf(from)}` : layer;
  return [`${from}: ${who} may not import ${target} (${to}), only ${allowed.join(", ") || "nothing"}`];
}

/** Only what is named for a host knows it; a library but zod may be used anywhere. */
function packageOffences(from: string, name: string): string[] {
  if (/^(node:|bun$|bun:)/.test(name)) {
    return ON_HOST.test(from) ? [] : [`${from}: only src/sys/bun, src/service/bun and src/library may import ${name}`];
  }
  if (/^zod(\/|$)/.test(name) && !MAY_IMPORT_ZOD.test(from)) {
    return [`${from}: only schema.ts, tool, service and library may import ${name}`];
  }
  if (name === "berth:sys") return from.startsWith("src/sys/") ? [] : [`${from}: import "#sys" instead of ${name}`];
  return [];
}

/** Folders that import each other although no files do, and folders that scripts/layers/purposes.ts says nothing of. */
function folderOffences(folders: Folders): string[] {
  const edges = [...folders].flatMap(([from, targets]) => targets.map((to) => ({ from, to })));
  return [
    ...cycles(edges).map((cycle) => `src/${cycle[0]}: folders in a cycle: ${[...cycle, cycle[0]].join(" -> ")}`),
    ...unexplained(folders.keys()).map((folder) => `src/${folder}: scripts/layers/purposes.ts does not say what it is`),
  ];
}

const COMMENT_OR_STRING = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/g;
const STATEMENT = /(?:^|[;}])\s*(?:import|export)\b(?:[^;"'`=(]*?\bfrom)?\s*["']([^"'\n]+)["']/gm;
const CALL = /\b(?:import|require)\s*\(\s*["']([^"'\n]+)["']\s*[,)]/g;

/** A text without its comments and templates. */
function codeOf(text: string): string {
  return text.replace(COMMENT_OR_STRING, (token) =>
    token.startsWith("/") ? " " : token.startsWith("`") ? "``" : token,
  );
}

/** Every import of a file: of values and of types, re-exports, and `import("…")` in code and in types. */
function edgesOf(from: string, text: string, files: ReadonlyMap<string, string>): Edge[] {
  const code = codeOf(text);
  const names = [STATEMENT, CALL].flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? ""));
  return names.flatMap((name) => targets(from, name, files).map((to) => ({ from, to })));
}

function targets(from: string, name: string, files: ReadonlyMap<string, string>): string[] {
  if (name.startsWith(".")) return [normalize(join(dirname(from), name))];
  if (name !== "#sys") return [name];
  const hosts = SYS_HOSTS.filter((host) => files.has(host));
  return hosts.length > 0 ? hosts : SYS_HOSTS.slice(0, 1);
}

/** One cycle through each knot of files that import each other, found depth first. */
function cycles(edges: readonly Edge[]): string[][] {
  const next = Map.groupBy(edges, (edge) => edge.from);
  const done = new Set<string>();
  const path: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) found.push(path.slice(at));
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const { to } of next.get(file) ?? []) visit(to);
    path.pop();
    done.add(file);
  };
  for (const file of next.keys()) visit(file);
  return found;
}

if (import.meta.main) {
  const args = process.argv.slice(2);
  const root = args.find((arg) => !arg.startsWith("--")) ?? ".";
  const { offences, notes, files, edges, folders } = checkLayers(root);
  const sound = offences.length === 0;
  if (sound && args.includes("--picture")) writeDocuments(root, folders);
  if (sound) offences.push(...staleDocuments(root, folders));
  for (const line of [...notes, ...offences]) console.log(line);
  console.log(`layers: ${files} files, ${edges} imports, ${offences.length} offences`);
  process.exit(offences.length > 0 ? 1 : 0);
}
