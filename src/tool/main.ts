/** The operator's commands. */

import { CACHE_DIRECTORY } from "../invoke/attachment.ts";
import type { Plugin } from "../spec/plugin.ts";
import { repair } from "./repair.ts";

/** What a command gives back: what it prints, and its exit status. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the program says about itself. */
export interface About {
  readonly version: string;
  /** The release of the reference whose behaviour the plugins have, and ours. */
  readonly build: string;
  readonly plugins: readonly Plugin[];
}

/** Runs the operator's command that `words` begin with. */
export function command(words: readonly string[], about: About): Outcome {
  const [word = "help", ...rest] = words;
  if (word === "version" || word === "--version") return success(`berth ${about.version}\n`);
  if (word === "help" || word === "--help" || word === "-h") return success(help(about));
  if (word === "repair") return repairCommand(rest, about.plugins);
  return failure(`berth: there is no plugin and no command "${word}"\n\n${help(about)}`);
}

const REPAIR_USAGE = "usage: berth repair NETWORK [--cache-dir DIRECTORY]\n";

function repairCommand(words: readonly string[], plugins: readonly Plugin[]): Outcome {
  const at = words.indexOf("--cache-dir");
  const cache = at < 0 ? CACHE_DIRECTORY : words[at + 1];
  const names = at < 0 ? words : words.toSpliced(at, 2);
  const [network, ...more] = names;
  if (cache === undefined || network === undefined || more.length > 0) return failure(REPAIR_USAGE);
  const { lines, failed } = repair(plugins, cache, network);
  const text =
    lines.length > 0
      ? lines.map((line) => `${line}\n`).join("")
      : `no attachment of "${network}" in ${cache}/results\n`;
  return { code: failed > 0 ? 1 : 0, stdout: text, stderr: "" };
}

function success(stdout: string): Outcome {
  return { code: 0, stdout, stderr: "" };
}

function failure(stderr: string): Outcome {
  return { code: 1, stdout: "", stderr };
}

function help({ version, build, plugins }: About): string {
  return `berth ${version}: container networking in one executable (CNI plugins as of ${build})

It is the plugin it is called as: install it, or links to it, in /opt/cni/bin as
  ${plugins.map(({ name }) => name).join(", ")}

Usage: berth PLUGIN             run a plugin: CNI_* in the environment, the configuration on stdin
       berth repair NETWORK     put back the rules of live attachments after a flush or firewall reload
         [--cache-dir DIR]      where the runtime keeps its CNI results; default ${CACHE_DIRECTORY}
       berth version            print the version
       berth help               print this
`;
}
