import type { Command } from "commander";
import { CACHE_DIRECTORY } from "./node/cache.ts";
import { CONF_DIRECTORY } from "./node/networks.ts";
import type { Places } from "./node/node.ts";
import type { World } from "./world.ts";

/** What the options of withPlaces give. */
export interface PlaceOptions {
  readonly conf?: string;
  readonly cacheDir: string;
}

/** Gives a command the options that say where the node's files are. */
export function withPlaces(command: Command): Command {
  return command
    .option("--conf <directory>", `of the network configurations (default: $NETCONFPATH or ${CONF_DIRECTORY})`)
    .option("--cache-dir <directory>", "where the runtime keeps its CNI results", CACHE_DIRECTORY);
}

export function placesOf({ conf, cacheDir }: PlaceOptions, { env }: Pick<World, "env">): Places {
  return { conf: conf ?? (env.get("NETCONFPATH") || CONF_DIRECTORY), cache: cacheDir };
}

const PLUGINS = "/opt/cni/bin";

/** The directories in which IPAM plugins are looked for: $CNI_PATH, as runtimes have it. */
export function pluginPath({ env }: Pick<World, "env">): string[] {
  return (env.get("CNI_PATH") || PLUGINS).split(":").filter(Boolean);
}
