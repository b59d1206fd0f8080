/** What configurations may be, as zod schemas: of each plugin and of lists. */
import * as z from "zod";
import { schema as bandwidth } from "../plugins/bandwidth/schema.ts";
import { schema as bridge } from "../plugins/bridge/schema.ts";
import { schema as firewall } from "../plugins/firewall/schema.ts";
import { schema as hostLocal } from "../plugins/host-local/schema.ts";
import { schema as loopback } from "../plugins/loopback/schema.ts";
import { schema as portmap } from "../plugins/portmap/schema.ts";
import { schema as ptp } from "../plugins/ptp/schema.ts";
import { schema as fixed } from "../plugins/static/schema.ts";
import { schema as tuning } from "../plugins/tuning/schema.ts";
import { REGISTRY } from "../registry.ts";
import { commonKeys, key, keys, requestKeys } from "../spec/schema.ts";

export type PluginName = (typeof REGISTRY)[number]["name"];

/** Of each plugin its configuration: of those of kind ipam, that of the plugin above, with `ipam`. */
export const SCHEMAS: Readonly<Record<PluginName, z.ZodObject>> = {
  bandwidth,
  bridge,
  firewall,
  "host-local": hostLocal,
  loopback,
  portmap,
  ptp,
  static: fixed,
  tuning,
};

/** The plugin's name that a `type` means: "bridge" of "bridge" and of "cnv-bridge" (spec/plugin.ts); undefined for others' plugins. */
export function nameOfType(type: string): PluginName | undefined {
  // Of names that end alike ("local" and "host-local"), pluginNamed takes the longest, too.
  const fits = (name: string) => type === name || type.endsWith(`-${name}`);
  return (Object.keys(SCHEMAS) as PluginName[]).filter(fits).sort((a, b) => b.length - a.length)[0];
}

/** The schema of what a plugin of this `type` reads; undefined for others' plugins. */
export function schemaOf(type: string): z.ZodObject | undefined {
  const name = nameOfType(type);
  return name && SCHEMAS[name];
}

/** Those that can be in a list. */
const MAKERS = REGISTRY.filter(({ kind }) => kind !== "ipam").map(({ name }) => name);

/** A plugin in a list; the keys of its own are in schemaOf(type). */
const pluginSchema = keys({
  type: z
    .string()
    .min(1)
    .describe("Name of the plugin: a file in the directories of CNI_PATH.")
    .meta({ examples: MAKERS }),
  capabilities: commonKeys.capabilities,
});

/** Booleans, which libcni reads from words too. */
const flag = z.union([z.boolean(), z.string().regex(/^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$/, "true or false")]);

/** A list of plugins, as libcni v1.3.1 reads it: what a runtime finds in a .conflist. */
export const listSchema = keys({
  ...requestKeys,
  name: requestKeys.name.unwrap().describe(requestKeys.name.description ?? ""),
  cniVersions: key(
    "Versions of the CNI spec that the list can be used in: of these and cniVersion the newest counts that the runtime knows.",
    z.array(z.string()),
  ),
  disableCheck: key("CHECK does nothing and succeeds; false when absent.", flag),
  disableGC: key("GC does nothing and succeeds; false when absent.", flag),
  loadOnlyInlinedPlugins: key(
    "No plugins are read from the directory beside the list that has the network's name; false when absent.",
    flag,
  ),
  plugins: key(
    "The plugins, in the order of ADD; DEL goes backwards. With a directory that has the network's name, those of its files follow.",
    z.array(pluginSchema).min(1),
  ),
});
