/** Keys that no plugin reads: slips of the keyboard, and keys in another object than where they are looked for. */
import type * as z from "zod";
import { anyObject, array, decode, goObject, string } from "../../spec/decode.ts";
import type { Finding } from "../finding.ts";
import type { ConfFile } from "../node/networks.ts";
import { listSchema, schemaOf } from "../schemas.ts";
import type { Facts } from "./facts.ts";
import { lineOf, type Path, pathText, rewrite, valueAt, withKey, withoutKey, withValue } from "./text/json-edit.ts";
import { nearest } from "./text/near.ts";

export function checkKeys({ files }: Facts): Finding[] {
  return files.flatMap((file) => (file.network ? keysOf(file, file.network.config) : []));
}

/** A key that nobody reads. */
interface Stray {
  readonly path: Path;
  readonly key: string;
  /** What it was meant to be: another name in its place, or the same name in another. */
  readonly meant: { readonly name: string } | { readonly parent: Path };
}

function keysOf(file: ConfFile, config: object): Finding[] {
  const isList = "plugins" in config;
  const plugins = isList ? pluginsOf(config) : [config];
  const strays = [
    ...(isList ? straysIn(config, [listSchema], []) : []),
    ...plugins.flatMap((plugin, i) => pluginStrays(plugin, isList ? ["plugins", i] : [])),
  ];
  return strays.map((stray) => findingOf(file, config, stray));
}

const listShape = goObject({ plugins: array(anyObject) });
const pluginsOf = (config: object): readonly object[] => decode(listShape, config).plugins ?? [];

const pluginShape = goObject({ type: string, ipam: goObject({ type: string }) });

function pluginStrays(plugin: object, path: Path): Stray[] {
  const { type = "", ipam } = decode(pluginShape, plugin);
  const own = schemaOf(type);
  const ipams = schemaOf(ipam?.type ?? "");
  // Of others' plugins nobody knows the keys.
  if (!own) return ipams ? ipamStrays(plugin, ipams, path) : [];
  const schemas = [own, ...(ipams ? [ipams] : [])];
  return [...straysIn(plugin, schemas, path, "ipam"), ...capabilityStrays(plugin, path)];
}

function ipamStrays(plugin: object, schema: z.ZodObject, path: Path): Stray[] {
  const inner = shapeOf(schema)?.ipam;
  return inner ? straysIn(valueAt(plugin, ["ipam"]), [inner as z.ZodType], [...path, "ipam"]) : [];
}

/** Of the conventions, and those that runtimes supply. */
const CAPABILITIES = [
  "portMappings",
  "bandwidth",
  "ipRanges",
  "ips",
  "mac",
  "dns",
  "aliases",
  "deviceID",
  "infinibandGUID",
  "cgroupPath",
  "io.kubernetes.cri.pod-annotations",
];

function capabilityStrays(plugin: object, path: Path): Stray[] {
  const wanted = valueAt(plugin, ["capabilities"]);
  if (typeof wanted !== "object" || wanted === null) return [];
  return Object.keys(wanted).flatMap((key) => {
    const name = CAPABILITIES.includes(key) ? undefined : nearest(key, CAPABILITIES);
    return name && !(name in wanted) ? { path: [...path, "capabilities", key], key, meant: { name } } : [];
  });
}

/** What stands in a value that `schemas` together do not know, and is near to something that they do. `child` is looked into for keys that belong there. */
function straysIn(value: unknown, schemas: readonly z.ZodType[], path: Path, child?: string): Stray[] {
  if (Array.isArray(value)) {
    const items = schemas.flatMap((schema) => itemOf(schema) ?? []);
    return value.flatMap((one, i) => straysIn(one, items, [...path, i]));
  }
  const shapes = schemas.map(shapeOf).filter((shape) => shape !== undefined);
  if (typeof value !== "object" || value === null || shapes.length === 0) return [];
  const known = shapes.flatMap((shape) => Object.keys(shape));
  return Object.entries(value).flatMap(([key, inner]) => {
    const name = known.find((one) => one.toLowerCase() === key.toLowerCase());
    const at = [...path, key];
    if (name !== undefined) {
      const inside = shapes.map((shape) => shape[name]).filter((schema) => schema !== undefined);
      return straysIn(inner, inside, at);
    }
    const meant = meantBy(key, value, known, path, childKeys(shapes, child), child);
    return meant ? { path: at, key, meant } : [];
  });
}

function meantBy(
  key: string,
  value: object,
  known: readonly string[],
  path: Path,
  inChild: readonly string[],
  child: string | undefined,
): Stray["meant"] | undefined {
  // Their names say that they are somebody's own.
  if (key.includes("/") || key.startsWith("$") || key.startsWith("_")) return undefined;
  const holds = child !== undefined && typeof valueAt(value, [child]) === "object";
  if (holds && inChild.includes(key) && valueAt(value, [child, key]) === undefined) return { parent: [...path, child] };
  const name = nearest(key, known);
  return name !== undefined && !(name in value) ? { name } : undefined;
}

const childKeys = (shapes: readonly Shape[], child: string | undefined): readonly string[] =>
  child === undefined ? [] : shapes.flatMap((shape) => Object.keys(shapeOf(shape[child]) ?? {}));

type Shape = Readonly<Record<string, z.ZodType>>;

/** The keys of an object's schema; undefined for another. */
function shapeOf(schema: z.ZodType | undefined): Shape | undefined {
  const bare = bareOf(schema);
  return bare?.def.type === "object" ? ((bare as z.ZodObject).shape as Shape) : undefined;
}

function itemOf(schema: z.ZodType): z.ZodType | undefined {
  const bare = bareOf(schema);
  return bare?.def.type === "array" ? ((bare as z.ZodArray).element as z.ZodType) : undefined;
}

/** Without what says that it may be absent or null. */
function bareOf(schema: z.ZodType | undefined): z.ZodType | undefined {
  let now = schema;
  while (now && (now.def.type === "optional" || now.def.type === "nullable")) {
    now = (now as z.ZodOptional<z.ZodType>).unwrap();
  }
  return now;
}

function findingOf(file: ConfFile, config: object, { path, key, meant }: Stray): Finding {
  const text = file.text ?? "";
  const line = lineOf(text, key);
  const at = `${file.path}${line === undefined ? "" : `:${line}`}: ${pathText(path)} = ${JSON.stringify(valueAt(config, path))}`;
  const consequence = "it is passed over, as if it were not there";
  if ("name" in meant) {
    const replace = [JSON.stringify(key), JSON.stringify(meant.name)] as const;
    const mend = [rewrite(file.path, text, withKey(config, path, meant.name), replace)];
    const what = `nobody reads the key "${key}": "${meant.name}" is meant`;
    return { severity: "error", what, evidence: at, consequence, mend };
  }
  const moved = withValue(withoutKey(config, path), [...meant.parent, key], valueAt(config, path));
  const what = `nobody reads the key "${key}" there: it belongs into "${meant.parent.at(-1)}"`;
  return { severity: "error", what, evidence: at, consequence, mend: [rewrite(file.path, text, moved)] };
}
