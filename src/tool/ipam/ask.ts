import { readNode } from "../node/node.ts";
import { type PlaceOptions, placesOf } from "../places.ts";
import { askRuntimes } from "../runtimes/runtimes.ts";
import type { World } from "../world.ts";
import { type PoolView, surveyOf } from "./survey.ts";

/** What the questions about leases have in common. */
export interface AskOptions extends PlaceOptions {
  /** False: the runtimes are not asked for names. */
  readonly names: boolean;
}

/** What is leased on this node, and what could not be learned: a line each. */
export interface Asked {
  readonly pools: readonly PoolView[];
  readonly warnings: readonly string[];
}

/** Reads files, links and, for names, asks the runtimes. Throws SysError, NetlinkError. */
export function askLeases(world: World, network: string | undefined, options: AskOptions): Asked {
  const warnings: string[] = [];
  const node = readNode(placesOf(options, world), network, (line) => warnings.push(line));
  const wanted = options.names && node.leases.length > 0;
  const { containers, failed } = wanted ? askRuntimes(world.env) : { containers: [], failed: [] };
  for (const { runtime, message } of failed) warnings.push(`${runtime} tells no names: ${message}`);
  return { pools: surveyOf(node, network, containers, world.about.plugins), warnings };
}
