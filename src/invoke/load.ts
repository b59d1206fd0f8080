/** Network lists from files, in libcni's order. */
import { CniError, INVALID_CONFIG, IO_FAILURE } from "../spec/errors.ts";
import { within } from "./failure.ts";
import { compareBytes } from "./go/json.ts";
import { directoryOf, extensionOf, join } from "./go/path.ts";
import { listOfPlugin, listOfText, type NetworkList } from "./list.ts";
import { type PluginConfig, pluginOfText } from "./plugin-config.ts";
import { ask, type Steps } from "./request.ts";
import { failedCall, isAbsent } from "./system.ts";

/**
 * The list in a file, and after its own plugins those in `<directory of the file>/<name of the network>/*.conf`, unless the
 * list says loadOnlyInlinedPlugins.
 * @throws CniError 5 for a file that cannot be read, 6 or 7 for one that is no list or has no plugins
 */
export function* loadFile(path: string): Steps<NetworkList> {
  const list = listOfText(yield* readConfig(path));
  const more = list.loadOnlyInlinedPlugins ? [] : yield* pluginsBeside(path, list.name);
  const plugins = [...list.plugins, ...more];
  if (plugins.length === 0) throw new CniError(INVALID_CONFIG, "no plugin configs found");
  return { ...list, plugins };
}

/**
 * The first list of the name in a directory: of the files *.conflist by name, then of *.conf and *.json, which are a single
 * plugin each. A file before it that is invalid ends the search.
 * @throws CniError as loadFile, 7 when there is none of the name
 */
export function* loadNamed(directory: string, name: string): Steps<NetworkList> {
  const lists = yield* configFiles(directory, [".conflist"]);
  for (const path of lists) {
    const list = yield* loadFile(path);
    if (list.name === name) return list;
  }
  const singles = yield* configFiles(directory, [".conf", ".json"]);
  for (const path of singles) {
    const plugin = pluginOfText(yield* readConfig(path));
    if (plugin.name === name) return listOfPlugin(plugin);
  }
  const none = lists.length + singles.length === 0;
  throw new CniError(
    INVALID_CONFIG,
    none ? `no net configurations found in ${directory}` : `no net configuration with name "${name}" in ${directory}`,
  );
}

/** The files of a directory that end so, by name; directories are none. None where the directory is not there. */
export function* configFiles(directory: string, extensions: readonly string[]): Steps<string[]> {
  const paths: string[] = [];
  for (const name of yield* namesIn(directory)) {
    if (!extensions.includes(extensionOf(name))) continue;
    const path = join(directory, name);
    if (!(yield* ask({ do: "isDirectory", path }))) paths.push(path);
  }
  return paths.sort(compareBytes);
}

function* namesIn(directory: string): Steps<readonly string[]> {
  try {
    return yield* ask({ do: "readDirectory", path: directory });
  } catch (error) {
    if (isAbsent(error)) return [];
    throw new CniError(IO_FAILURE, failedCall("open", directory, error), "", error);
  }
}

function* pluginsBeside(path: string, name: string): Steps<PluginConfig[]> {
  const directory = join(directoryOf(path), name);
  const plugins: PluginConfig[] = [];
  for (const file of yield* filesBeside(directory)) plugins.push(pluginOfText(yield* readConfig(file)));
  return plugins;
}

function* filesBeside(directory: string): Steps<string[]> {
  try {
    return yield* configFiles(directory, [".conf"]);
  } catch (error) {
    throw within(`failed to read plugin config files in ${directory}: `, error);
  }
}

function* readConfig(path: string): Steps<Uint8Array> {
  try {
    return yield* ask({ do: "readFile", path });
  } catch (error) {
    throw new CniError(IO_FAILURE, `error reading ${path}: ${failedCall("open", path, error)}`, "", error);
  }
}
