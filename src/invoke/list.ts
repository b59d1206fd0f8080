/** Network configuration lists, from their text (CNI spec 1.1.0, section 1; libcni's rules where they differ). */
import { decodeUtf8, encodeUtf8 } from "../base/utf8.ts";
import { CniError, INVALID_CONFIG } from "../spec/errors.ts";
import { atLeast, CURRENT, compareVersions } from "../spec/versions.ts";
import { within } from "./failure.ts";
import { encodeJson, type JsonObject, throughJson, typeOfJson } from "./go/json.ts";
import { quoteGo } from "./go/quote.ts";
import { type PluginConfig, pluginOf } from "./plugin-config.ts";
import { parsed } from "./result-read.ts";

/** A network: the plugins that are called for it, in order. */
export interface NetworkList {
  readonly name: string;
  /** What the plugins are called with: the highest that `cniVersions` offers and we know, else as written; "" for none. */
  readonly cniVersion: string;
  readonly disableCheck: boolean;
  readonly disableGC: boolean;
  readonly loadOnlyInlinedPlugins: boolean;
  readonly plugins: readonly PluginConfig[];
  /** As it was read: the result cache keeps it. */
  readonly bytes: Uint8Array;
}

const CONTEXT = "error parsing configuration list";

/**
 * A list from its JSON text. Without `plugins` it has none: they may come from files (load.ts).
 * @throws CniError 6 for what is no JSON, 7 for what is no list, both naming the key
 */
export function listOfText(text: string | Uint8Array): NetworkList {
  const bytes = typeof text === "string" ? encodeUtf8(text) : text;
  const json = parsed(decodeUtf8(bytes), CONTEXT);
  if (json !== null && typeOfJson(json) !== OBJECT) throw notAnObject(json);
  const raw: JsonObject = (json as JsonObject | null) ?? {};
  const head = {
    name: nameOf(raw),
    cniVersion: negotiated(raw),
    disableCheck: flag(raw, "disableCheck"),
    disableGC: flag(raw, "disableGC"),
    loadOnlyInlinedPlugins: flag(raw, "loadOnlyInlinedPlugins"),
  };
  return { ...head, plugins: pluginsOf(raw, head.loadOnlyInlinedPlugins), bytes };
}

/** A single plugin's configuration as the list of one. @throws CniError as listOfText */
export function listOfPlugin({ name, cniVersion, config }: PluginConfig): NetworkList {
  return listOfText(encodeJson({ name, cniVersion, plugins: [config] }));
}

const OBJECT = "map[string]interface {}";

function notAnObject(json: unknown): CniError {
  const kind = Array.isArray(json) ? "array" : typeof json === "boolean" ? "bool" : typeof json;
  return invalid(`json: cannot unmarshal ${kind} into Go value of type ${OBJECT}`);
}

function nameOf(raw: JsonObject): string {
  if (!Object.hasOwn(raw, "name")) throw invalid("no name");
  if (typeof raw.name === "string") return raw.name;
  throw invalid(`invalid name type ${typeOfJson(raw.name)}`);
}

/** The version that both sides know (`cniVersions`, since 1.1.0). */
function negotiated(raw: JsonObject): string {
  const { cniVersion = "", cniVersions } = raw;
  if (typeof cniVersion !== "string") throw invalid(`invalid cniVersion type ${typeOfJson(cniVersion)}`);
  if (cniVersions === undefined) return cniVersion;
  if (!Array.isArray(cniVersions)) throw invalid("invalid type for cniVersions: []interface {}");
  const known = cniVersions.filter((version, i) => {
    if (typeof version !== "string") throw invalid(`invalid type for cniVersions index ${i}: ${typeOfJson(version)}`);
    return isKnown(version, `invalid cniVersions entry ${version} at index ${i}`);
  });
  if (cniVersion !== "" && isKnown(cniVersion, `invalid cniVersion ${cniVersion}`)) known.push(cniVersion);
  return known.reduce((best, version) => (compareVersions(version, best) > 0 ? version : best), known[0] ?? cniVersion);
}

function isKnown(version: string, what: string): boolean {
  try {
    return compareVersions(version, CURRENT) <= 0;
  } catch (error) {
    throw within(`${CONTEXT}: ${what}: `, error);
  }
}

function flag(raw: JsonObject, key: string): boolean {
  if (!Object.hasOwn(raw, key)) return false;
  const value = raw[key];
  if (typeof value === "boolean") return value;
  if (typeof value !== "string") throw invalid(`invalid type ${typeOfJson(value)} for ${key}`);
  const word = value.toLowerCase();
  if (word !== "true" && word !== "false") throw invalid(`invalid value ${quoteGo(word)} for ${key}`);
  return word === "true";
}

function pluginsOf(raw: JsonObject, onlyInlined: boolean): PluginConfig[] {
  if (!Object.hasOwn(raw, "plugins")) {
    if (onlyInlined) throw invalid("`loadOnlyInlinedPlugins` is true, and no 'plugins' key");
    return [];
  }
  const { plugins } = raw;
  if (!Array.isArray(plugins)) throw invalid(`invalid 'plugins' type ${typeOfJson(plugins)}`);
  if (plugins.length === 0) throw invalid("no plugins in list");
  return plugins.map((plugin, i) => {
    try {
      // libcni encodes each anew before it reads it: so the first of two errors is the first by name.
      return pluginOf(throughJson(plugin));
    } catch (error) {
      throw within(`failed to parse plugin config ${i}: `, error);
    }
  });
}

function invalid(why: string): CniError {
  return new CniError(INVALID_CONFIG, `${CONTEXT}: ${why}`);
}

/** Whether the list's version has what was new in `since`; a version that is none has nothing. */
export function knows({ cniVersion }: NetworkList, since: "1.1.0"): boolean {
  try {
    return atLeast(cniVersion, since);
  } catch {
    return false;
  }
}
