import type { Command } from "commander";
import { CACHE_DIRECTORY } from "./node/cache.ts";
import { CONF_DIRECTORY } from "./node/networks.ts";
import type { Places } from "./node/node.ts";
import type { World } from "./world.ts";

/** What the options say of where a node's files are. */
export interface PlaceOptions {
  readonly conf?: string;
  readonly cacheDir: string;
  readonly path?: string;
}

const PLUGIN_DIRECTORY = "/opt/cni/bin";

type Env = Pick<World, "env">;

/** Gives a command the option that says where the network configurations are. */
export function withConf(command: Command): Command {
  return command.option(
    "--conf <directory>",
    `of the network configurations (default: $NETCONFPATH or ${CONF_DIRECTORY})`,
  );
}

/** The same, and where libcni's results are. */
export function withPlaces(command: Command): Command {
  return withConf(command).option(
    "--cache-dir <directory>",
    "where the runtime keeps its CNI results",
    CACHE_DIRECTORY,
  );
}

/** Where the plugins are. */
export function withPath(command: Command): Command {
  return command.option(
    "--path <directories>",
    `of the plugins, with : between them (default: $CNI_PATH or ${PLUGIN_DIRECTORY})`,
  );
}

export function confOf({ conf }: Pick<PlaceOptions, "conf">, { env }: Env): string {
  return conf || env.get("NETCONFPATH") || CONF_DIRECTORY;
}

export function placesOf(options: PlaceOptions, world: Env): Places {
  return { conf: confOf(options, world), cache: options.cacheDir };
}

/** The directories in which plugins are looked for, as runtimes have it. */
export function pathOf({ path }: Pick<PlaceOptions, "path">, { env }: Env): string[] {
  return (path || env.get("CNI_PATH") || PLUGIN_DIRECTORY).split(":").filter(Boolean);
}
