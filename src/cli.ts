import { load } from "#sys";
import { BERTH_VERSION, BUILD } from "./skel/about.ts";
import type * as Skel from "./skel/bundle.ts";
import type { Reply } from "./skel/reply.ts";
import { run } from "./skel/run.ts";
import { CniError, INVALID_CONFIG } from "./spec/errors.ts";
import type { Plugin } from "./spec/plugin.ts";

/** What of the world a program is given. */
export interface World {
  readonly argv: readonly string[];
  readonly env: ReadonlyMap<string, string>;
  /** Reads stdin to its end. */
  stdin(): string;
}

/**
 * Runs what the program is called as: the plugin whose name is the last part of argv[0] or, under any other name, the
 * plugin or command that the first word names.
 */
export function cli({ argv, env, stdin }: World, plugins: readonly Plugin[]): Reply {
  const called = (argv[0] ?? "").replace(/^.*\//, "");
  const word = argv[1];
  const find = (name: string | undefined) => plugins.find((plugin) => plugin.name === name);
  const plugin = find(called) ?? find(word);
  if (plugin) return run(plugin, env, stdin, plugins);
  if (env.get("CNI_COMMAND")) return notAPlugin(word ?? called, plugins);
  return command(word ?? (called === "berth" ? "help" : called), plugins);
}

function command(word: string, plugins: readonly Plugin[]): Reply {
  if (word === "version" || word === "--version") return { code: 0, stdout: `berth ${BERTH_VERSION}\n`, stderr: "" };
  const known = ["help", "--help", "-h"].includes(word);
  if (known) return { code: 0, stdout: help(plugins), stderr: "" };
  return { code: 1, stdout: "", stderr: `berth: there is no plugin and no command "${word}"\n\n${help(plugins)}` };
}

/** A runtime calls: it reads error JSON. */
function notAPlugin(name: string, plugins: readonly Plugin[]): Reply {
  const error = new CniError(
    INVALID_CONFIG,
    `berth has no plugin "${name}"`,
    `it is one of these by the name of its file or of a link to it: ${namesOf(plugins)}`,
  );
  const { errorJson } = load("skel") as typeof Skel;
  return { code: 1, stdout: errorJson(error), stderr: "" };
}

function help(plugins: readonly Plugin[]): string {
  return `berth ${BERTH_VERSION}: container networking in one executable (CNI plugins as of ${BUILD})

It is the plugin it is called as: install it, or links to it, in /opt/cni/bin as
  ${namesOf(plugins)}

Usage: berth PLUGIN     run a plugin: CNI_* in the environment, the configuration on stdin
       berth version    print the version
       berth help       print this
`;
}

function namesOf(plugins: readonly Plugin[]): string {
  return plugins.map(({ name }) => name).join(", ");
}
