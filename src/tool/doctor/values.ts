/** Values that a plugin refuses, by the plugins' schemas. */
import { anyObject, array, decode, goObject, string } from "../../spec/decode.ts";
import type { Finding } from "../finding.ts";
import type { ConfFile } from "../node/networks.ts";
import { listSchema, schemaOf } from "../schemas.ts";
import type { Facts } from "./facts.ts";
import { lineOf, type Path, pathText, putAside, rewrite, valueAt, withValue } from "./text/json-edit.ts";

export function checkValues({ files }: Facts): Finding[] {
  return files.flatMap((file) => {
    const config = file.network?.config;
    return config ? issuesIn(config).map((issue) => findingOf(file, config, issue)) : [];
  });
}

const shape = goObject({ type: string, ipam: goObject({ type: string }) });
const listShape = goObject({ plugins: array(anyObject) });

/** What schemas have against a file's configuration, by its places. */
function issuesIn(config: object): Issue[] {
  const { plugins } = decode(listShape, config);
  if (!plugins) return pluginIssues(config, []);
  const { cniVersion, name } = config as Record<string, unknown>;
  const head = { ...(cniVersion !== undefined && { cniVersion }), ...(name !== undefined && { name }) };
  const ofList = issuesOf(listSchema, config).filter(({ path }) => path[0] !== "plugins" || path.length < 3);
  // libcni gives each plugin the list's name and version.
  return [...ofList, ...plugins.flatMap((plugin, i) => pluginIssues({ ...plugin, ...head }, ["plugins", i]))];
}

function pluginIssues(plugin: object, path: Path): Issue[] {
  const { type = "", ipam } = decode(shape, plugin);
  const schemas = [schemaOf(type), schemaOf(ipam?.type ?? "")].flatMap((schema) => schema ?? []);
  const issues = schemas.flatMap((schema) => issuesOf(schema, plugin));
  // Those the list's own schema tells.
  const own = issues.filter(({ path: [first] }) => path.length === 0 || (first !== "cniVersion" && first !== "name"));
  const once = new Map(own.map((issue) => [pathText(issue.path), issue]));
  return [...once.values()].map((issue) => ({ ...issue, path: [...path, ...issue.path] }));
}

/** What a schema has against a value. */
interface Issue {
  readonly path: Path;
  readonly message: string;
}

type Parsing = {
  safeParse(value: unknown): { error?: { issues: readonly { path: PropertyKey[]; message: string }[] } };
};

function issuesOf(schema: Parsing, value: unknown): Issue[] {
  const issues = schema.safeParse(value).error?.issues ?? [];
  // Nulls count as absent for plugins, which a schema of JSON does not say.
  return issues
    .map(({ path, message }) => ({ path: path as (string | number)[], message }))
    .filter(({ path }) => valueAt(value, path) !== null);
}

function findingOf(file: ConfFile, config: object, { path, message }: Issue): Finding {
  const text = file.text ?? "";
  const key = String(path.findLast((part) => typeof part === "string") ?? "");
  const line = lineOf(text, key);
  const value = valueAt(config, path);
  const is = value === undefined ? "missing" : JSON.stringify(value);
  return {
    severity: "error",
    what: `"${pathText(path)}" of ${file.path} has a value that its plugin refuses`,
    evidence: `${file.path}${line === undefined ? "" : `:${line}`}: it is ${is}; ${message}`,
    consequence: `no container gets into network ${file.network?.name}`,
    mend: mendOf(file, config, path, value) ?? [
      `# correct it (\${EDITOR:-vi} ${line === undefined ? "" : `+${line} `}${file.path}), or take the network out of use:`,
      putAside(file.path),
    ],
  };
}

/** A boolean or a number that stands between quotes. */
function mendOf({ path: file, text = "" }: ConfFile, config: object, path: Path, value: unknown): string[] | undefined {
  if (typeof value !== "string" || !/^(true|false|\d+)$/.test(value)) return undefined;
  const bare = JSON.parse(value) as boolean | number;
  const next = withValue(config, path, bare);
  const key = JSON.stringify(path.at(-1));
  const written = new RegExp(`${key}\\s*:\\s*${JSON.stringify(value)}`).exec(text)?.[0];
  const replace =
    written === undefined ? undefined : ([written, written.replace(JSON.stringify(value), value)] as const);
  const isRight = !issuesIn(next as object).some((issue) => pathText(issue.path) === pathText(path));
  return isRight ? [rewrite(file, text, next, replace)] : undefined;
}
