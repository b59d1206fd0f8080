/** Network configuration files as a runtime reads them, as far as trying out and tests need it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A plugin's object in a list. */
export interface PluginConf {
  type: string;
  ipam?: { type?: string; [key: string]: unknown };
  [key: string]: unknown;
}

export interface ConfList {
  cniVersion: string;
  name: string;
  plugins: PluginConf[];
}

/** Reads a `.conflist`, or a `.conf` of one plugin as a list of one. */
export function readConfList(path: string): ConfList {
  const { plugins, ...rest } = JSON.parse(readFileSync(path, "utf8"));
  const { cniVersion, name } = rest;
  return { cniVersion, name, plugins: plugins ?? [rest] };
}

/**
 * The list with everything that it writes to disk under `directory`: leases in `store`, what is derived of them in
 * `index`. Nothing is written where a runtime of this machine may look.
 */
export function confined(list: ConfList, directory: string): ConfList {
  const moved = (plugin: PluginConf): PluginConf => {
    if (plugin.ipam?.type !== "host-local") return plugin;
    const ipam = { ...plugin.ipam, dataDir: join(directory, "store") };
    return { ...plugin, ipam, berth: { indexDir: join(directory, "index") } };
  };
  return { ...list, plugins: list.plugins.map(moved) };
}

/** What the runtime writes to a plugin's stdin. */
export function requestOf(list: ConfList, plugin: PluginConf, prevResult?: unknown) {
  const { cniVersion, name } = list;
  return { ...plugin, cniVersion, name, ...(prevResult === undefined ? {} : { prevResult }) };
}
