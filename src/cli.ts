import { log, tool } from "./programs.ts";
import { BERTH_VERSION, BUILD } from "./skel/about.ts";
import { errorJson } from "./skel/failure.ts";
import type { Reply } from "./skel/reply.ts";
import { run } from "./skel/run.ts";
import { CniError, INVALID_CONFIG } from "./spec/errors.ts";
import { type Plugin, pluginNamed } from "./spec/plugin.ts";
import type { World as ToolWorld } from "./tool/world.ts";

/** What of the world a program is given. */
export interface World extends Omit<ToolWorld, "about" | "called"> {
  readonly argv: readonly string[];
}

/** Names under which it is the operator's tool, which then has the command line to itself. */
const TOOLS = ["berth", "cnitool"];

/**
 * Runs what the program is called as: the plugin that the file of argv[0] is named after or, under any other name, the
 * plugin or command that the first word names.
 */
export function cli(world: World, plugins: readonly Plugin[]): Reply {
  const { argv, env, stdin } = world;
  const called = (argv[0] ?? "").replace(/^.*\//, "");
  const word = argv[1];
  const plugin = pluginNamed(called, plugins) ?? pluginNamed(word ?? "", plugins);
  if (plugin) return run(plugin, env, stdin, plugins, log);
  if (env.get("CNI_COMMAND")) return notAPlugin(word ?? called, plugins);
  const words = TOOLS.includes(called) ? argv.slice(1) : [called, ...argv.slice(1)];
  return tool().command(words, { ...world, called, about: { version: BERTH_VERSION, build: BUILD, plugins } });
}

/** A runtime calls: it reads error JSON. */
function notAPlugin(name: string, plugins: readonly Plugin[]): Reply {
  const error = new CniError(
    INVALID_CONFIG,
    `berth has no plugin "${name}"`,
    `it is one of these by the name of its file or of a link to it: ${plugins.map((plugin) => plugin.name).join(", ")}`,
  );
  return { code: 1, stdout: errorJson(error), stderr: "" };
}
