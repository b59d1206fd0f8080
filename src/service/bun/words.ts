import { parseArgs } from "node:util";
import { Explained } from "../../base/explained.ts";

/** The command line of berthd. */

export const USAGE = `usage: berthd run [--config FILE] [--node NAME] [--once | --dry-run]
       berthd cleanup [--config FILE]
       berthd version

run        keeps the rules of services as the sources say, until it is stopped; they stay then
  --once     makes them so once, and ends
  --dry-run  prints the nft commands for that, and changes nothing
cleanup    removes them
version    prints the version, as --version does

--node NAME is this node's name, whatever the configuration says.
--config FILE names a JSON object of settings; without it each has its default.
A signal HUP has it list its sources again, and put right what others have changed in the kernel.
Exit status: 0 done; 1 not done; 2 the command line is wrong.
`;

const COMMANDS = ["run", "cleanup", "version", "help"] as const;

export interface Words {
  readonly command: (typeof COMMANDS)[number];
  readonly config: string | undefined;
  readonly node: string | undefined;
  readonly mode: "stay" | "once" | "dry-run";
}

const OPTIONS = {
  config: { type: "string" },
  node: { type: "string" },
  once: { type: "boolean" },
  "dry-run": { type: "boolean" },
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
} as const;

/** @throws Explained that names the word that is wrong */
export function wordsOf(args: readonly string[]): Words {
  const { values, positionals } = parsed(args);
  const { config, node, once = false, "dry-run": isDry = false } = values;
  if (values.help) return { command: "help", config, node, mode: "stay" };
  if (values.version) return { command: "version", config, node, mode: "stay" };
  const [word, more] = positionals;
  const command = COMMANDS.find((one) => one === word);
  if (word === undefined) throw wrong("a command is missing");
  if (!command) throw wrong(`there is no command ${JSON.stringify(word)}`);
  if (more !== undefined) throw wrong(`${JSON.stringify(more)} is one word too many`);
  if (once && isDry) throw wrong("--once and --dry-run exclude each other");
  if (command !== "run" && (once || isDry)) throw wrong(`--${once ? "once" : "dry-run"} is an option of run alone`);
  if (node === "") throw wrong("--node is empty: it names this node, as nodeName of endpoints does");
  return { command, config, node, mode: once ? "once" : isDry ? "dry-run" : "stay" };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    // Of several sentences the first says what is wrong.
    const [message = ""] = (error as Error).message.split(/\. (?=[A-Z])/);
    throw wrong(message);
  }
}

const wrong = (what: string): Explained => new Explained(what, "berthd --help prints what there is");
