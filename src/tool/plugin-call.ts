import type { Owner } from "../base/owner.ts";
import { decode, goObject, itemBoolean, mapOf } from "../spec/decode.ts";
import { type Call, type Plugin, pluginNamed, type Verb } from "../spec/plugin.ts";
import type { Version } from "../spec/versions.ts";

/** What is asked of a plugin of this executable, in this process. */
export interface Asking {
  readonly command: Verb;
  readonly owner: Owner;
  readonly version: Version;
  /** Of the plugin, as its network's list has it. */
  readonly config: object;
  /** Members to put into the configuration, as a runtime does: prevResult, runtimeConfig. */
  readonly added?: object;
  /** Path of the container's network namespace; absent: gone, or unknown. */
  readonly netns?: string | undefined;
  /** Directories in which IPAM plugins are looked for. */
  readonly path?: readonly string[];
}

/** The call as a runtime would make it. `warn` is told what the plugin says besides. */
export function callOf(
  { command, owner, version, config, added, netns = "", path = [] }: Asking,
  delegates: readonly Plugin[],
  warn: (line: string) => void,
): Call {
  const { network: name, containerId, ifname } = owner;
  const whole = { ...config, name, cniVersion: version, ...added };
  const env = { command, containerId, ifname, netns, args: "", path, netnsOverride: false, variables: new Map() };
  return { env, stdin: JSON.stringify(whole), config: whole, name, version, delegates, warn };
}

/** The plugin of this executable that a configuration of a list is for; undefined for another's. */
export function pluginOf(config: object, plugins: readonly Plugin[]): Plugin | undefined {
  return pluginNamed(typeOf(config), plugins);
}

/** "" where there is none. */
export function typeOf(config: object): string {
  const { type } = config as { type?: unknown };
  return typeof type === "string" ? type : "";
}

const capabilitiesSchema = goObject({ capabilities: mapOf(itemBoolean) });

/** What of the arguments the plugin's configuration asks for, as libcni puts it in; undefined when nothing. */
export function suppliedTo(config: object, args: Readonly<Record<string, unknown>>): object | undefined {
  const { capabilities = {} } = decode(capabilitiesSchema, config);
  const wanted = Object.entries(args).filter(([name]) => capabilities[name]);
  return wanted.length === 0 ? undefined : Object.fromEntries(wanted);
}
