import { assertErrno, EACCES, EPERM, isErrno, messageOf } from "../../../base/errno.ts";
import { Explained } from "../../../base/explained.ts";
import { type BridgeConfig, readConfig as readBridge } from "../../../plugins/bridge/config.ts";
import { type FirewallConfig, readConfig as readFirewall } from "../../../plugins/firewall/config.ts";
import { readPlace, readPool } from "../../../plugins/host-local/config.ts";
import { readConfig as readPtp } from "../../../plugins/ptp/config.ts";
import { readTuning } from "../../../plugins/tuning/config.ts";
import { decode, goObject, string } from "../../../spec/decode.ts";
import { CniError } from "../../../spec/errors.ts";
import { type Call, type Plugin, pluginNamed } from "../../../spec/plugin.ts";
import { isVersion, OLDEST } from "../../../spec/versions.ts";
import type { VethConfig } from "../../../veth/plan.ts";
import type { CachedAttachment } from "../../node/cache.ts";
import type { ConfFile, Network } from "../../node/networks.ts";
import { nameOfType } from "../../schemas.ts";
import type { Executable, NetworkFacts, Refusal } from "../facts.ts";

/** What a network's own plugins make of its configuration. */
export type Settings = Pick<NetworkFacts, "types" | "bridge" | "veth" | "pool" | "dataDir" | "hasFirewall">;

/** What the chained plugins of a list do, read once for all containers. */
export interface Chained {
  /** Undefined: the list has no such plugin, or one that would refuse it. */
  readonly firewall: FirewallConfig | undefined;
  /** Whether tuning has anything to set. */
  readonly tunes: boolean;
}

export function chainedOf(name: string, version: string, plugins: readonly object[]): Chained {
  let firewall: FirewallConfig | undefined;
  let tunes = false;
  for (const plugin of plugins) {
    const own = nameOfType(typeOf(plugin));
    const call = callOf(name, version, plugin, []);
    if (own === "firewall") firewall = tried(() => readFirewall(plugin));
    if (own !== "tuning") continue;
    const tuning = tried(() => readTuning(call));
    tunes = tuning !== undefined && (tuning.settings.length > 0 || Object.keys(tuning.attributes).length > 0);
  }
  return { firewall, tunes };
}

/** The networks of the files, and those of which only containers are left, in the order of their names. */
export function networksOf(
  files: readonly ConfFile[],
  cached: readonly CachedAttachment[],
  only: string | undefined,
): NetworkFacts[] {
  const found = new Map<string, NetworkFacts>();
  for (const file of inOrder(files)) {
    const { network } = file;
    if (network && !found.has(network.name)) found.set(network.name, factsOf(network, file));
  }
  for (const { owner, plugins, version } of cached) {
    const network: Network = { name: owner.network, cniVersion: version, plugins, config: {} };
    if (!found.has(owner.network)) found.set(owner.network, factsOf(network, undefined));
  }
  const all = [...found.values()].filter(({ name }) => only === undefined || name === only);
  return all.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** As libcni looks for a name: lists before single plugins. */
function inOrder(files: readonly ConfFile[]): ConfFile[] {
  const isList = ({ path }: ConfFile) => path.endsWith(".conflist");
  return [...files.filter(isList), ...files.filter((file) => !isList(file))];
}

function factsOf({ name, cniVersion = OLDEST, plugins }: Network, file: ConfFile | undefined): NetworkFacts {
  const settings = settingsOf(name, cniVersion, plugins);
  return { name, file, cniVersion, plugins, ...settings, refusal: undefined, leaseRefusal: undefined };
}

const pluginShape = goObject({ type: string, ipam: goObject({ type: string }) });

export const typeOf = (plugin: object): string => tried(() => decode(pluginShape, plugin).type) ?? "";

/** Reads what plugins would; what they refuse is undefined here, and told by the checks of the configuration. */
export function settingsOf(name: string, version: string, plugins: readonly object[]): Settings {
  let bridge: BridgeConfig | undefined;
  let veth: VethConfig | undefined;
  let pool: NetworkFacts["pool"] = [];
  let dataDir: string | undefined;
  const types: string[] = [];
  for (const plugin of plugins) {
    const { type = "", ipam } = tried(() => decode(pluginShape, plugin)) ?? {};
    types.push(...[type, ipam?.type ?? ""].filter(Boolean));
    const call = callOf(name, version, plugin, []);
    const own = nameOfType(type);
    if (own === "bridge") bridge = tried(() => readBridge(call));
    if (own === "bridge") veth = bridge;
    if (own === "ptp") veth = tried(() => readPtp(call));
    if (nameOfType(ipam?.type ?? "") !== "host-local") continue;
    dataDir = tried(() => readPlace(call.config, name).dataDir);
    pool = tried(() => readPool(call, true).sets) ?? [];
  }
  return { types, bridge, veth, pool, dataDir, hasFirewall: types.some((type) => nameOfType(type) === "firewall") };
}

/** What a reader gives; undefined where it refuses. */
function tried<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof CniError) return undefined;
    throw error;
  }
}

/** The call of a plugin that no container is the reason of. */
function callOf(
  name: string,
  cniVersion: string,
  plugin: object,
  path: readonly string[],
  delegates: readonly Plugin[] = [],
): Call {
  const config = { ...plugin, name, cniVersion };
  const env = { command: "STATUS", containerId: "", ifname: "", netns: "", args: "", path };
  return {
    env: { ...env, netnsOverride: false, variables: new Map() },
    stdin: JSON.stringify(config),
    config,
    name,
    version: isVersion(cniVersion) ? cniVersion : OLDEST,
    delegates,
    warn: () => {},
  };
}

/**
 * What plugins say that find an ADD impossible: STATUS, which changes nothing. Of the whole list only where all its plugins are
 * this program: others' would have to be run.
 */
export function refusalsOf(
  network: NetworkFacts,
  executables: readonly Executable[],
  path: readonly string[],
  all: readonly Plugin[],
): Pick<NetworkFacts, "refusal" | "leaseRefusal"> {
  const { plugins, types } = network;
  const isOurs = types.every((type) => executables.some((one) => one.type === type && one.isOurs));
  const leasing = plugins.find((plugin) => nameOfType(ipamOf(plugin)) === "host-local");
  return {
    leaseRefusal: leasing && refusalOf(network, "host-local", leasing, path, all),
    refusal: isOurs
      ? firstOf(plugins.map((plugin) => () => refusalOf(network, typeOf(plugin), plugin, path, all)))
      : undefined,
  };
}

const ipamOf = (plugin: object): string => tried(() => decode(pluginShape, plugin).ipam?.type) ?? "";

function firstOf<T>(looks: readonly (() => T | undefined)[]): T | undefined {
  for (const look of looks) {
    const found = look();
    if (found !== undefined) return found;
  }
  return undefined;
}

function refusalOf(
  { name, cniVersion }: NetworkFacts,
  type: string,
  plugin: object,
  path: readonly string[],
  all: readonly Plugin[],
): Refusal | undefined {
  const failure = failureOf(() => pluginNamed(type, all)?.STATUS?.(callOf(name, cniVersion, plugin, path, all)));
  return failure && { plugin: type, ...failure };
}

/** Of what a plugin does: what it says against it. What the caller may not do says nothing of the machine: that is thrown on. */
export function failureOf(work: () => void): { code: number; message: string; details: string } | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (isForbidden(error)) throw error;
    if (error instanceof CniError) return { code: error.code, message: error.message, details: error.details };
    if (error instanceof Explained) return { code: 0, message: error.message, details: error.details };
    assertErrno(error);
    return { code: 0, message: messageOf(error), details: "" };
  }
}

/** Whether it is, or comes of, what only root may do. */
function isForbidden(error: unknown): boolean {
  for (let now = error; now instanceof Error; now = now.cause) if (isErrno(now, EPERM, EACCES)) return true;
  return false;
}
