import type { Owner } from "../../base/owner.ts";
import { type Place, readPlace, readPool } from "../../plugins/host-local/config.ts";
import type { RangeSet } from "../../plugins/host-local/ranges.ts";
import { decode, goObject, string } from "../../spec/decode.ts";
import { CniError } from "../../spec/errors.ts";
import { type Plugin, pluginNamed } from "../../spec/plugin.ts";
import type { Version } from "../../spec/versions.ts";
import { type KnownNetwork, knownNetworks } from "../known-networks.ts";
import type { CachedAttachment } from "../node/cache.ts";
import type { ConfFile } from "../node/networks.ts";
import { callOf, suppliedTo } from "../plugin-call.ts";

/** What host-local may lease in a network. */
export interface Pool {
  readonly network: string;
  /** The file that configures the network; undefined for one that is only cached. */
  readonly file: string | undefined;
  readonly version: Version;
  /** The network's plugins, in order. */
  readonly plugins: readonly object[];
  readonly place: Place;
  /** None where the configuration is `wrong`, or ranges come with each container and no container is there. */
  readonly sets: readonly RangeSet[];
  /** Why an ADD would refuse the ranges. */
  readonly wrong: string | undefined;
}

/** The pools of all networks whose IPAM is host-local, configured or only cached, in the order of their names. */
export function poolsOf(
  files: readonly ConfFile[],
  cached: readonly CachedAttachment[],
  delegates: readonly Plugin[],
): Pool[] {
  return knownNetworks(files, cached).flatMap((known) => poolOf(known, delegates) ?? []);
}

const ipamSchema = goObject({ ipam: goObject({ type: string }) });

/** Undefined for a network with another IPAM. */
export function poolOf(known: KnownNetwork, delegates: readonly Plugin[]): Pool | undefined {
  const { network, file, version, plugins, capabilityArgs } = known;
  const config = plugins.find((plugin) => isHostLocals(plugin, delegates));
  if (!config) return undefined;
  const runtimeConfig = suppliedTo(config, capabilityArgs);
  const added = runtimeConfig && { runtimeConfig };
  const owner: Owner = { network, containerId: "", ifname: "" };
  const call = callOf({ command: "STATUS", owner, version, config, ...(added && { added }) }, delegates, () => {});
  const pool = { network, file, version, plugins };
  try {
    const place = readPlace(call.config, network);
    return {
      ...pool,
      place,
      ...setsOf(() => readPool(call, runtimeConfig === undefined && "capabilities" in config).sets),
    };
  } catch (error) {
    if (error instanceof CniError) return undefined;
    throw error;
  }
}

function isHostLocals(config: object, delegates: readonly Plugin[]): boolean {
  try {
    return pluginNamed(decode(ipamSchema, config).ipam?.type ?? "", delegates)?.name === "host-local";
  } catch (error) {
    if (error instanceof CniError) return false;
    throw error;
  }
}

function setsOf(read: () => readonly RangeSet[]): Pick<Pool, "sets" | "wrong"> {
  try {
    return { sets: read(), wrong: undefined };
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    return { sets: [], wrong: error.text };
  }
}
