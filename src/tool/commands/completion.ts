import { Command } from "commander";
import { attempt } from "../../base/attempt.ts";
import { candidates } from "../completion/candidates.ts";
import type { Define } from "../define.ts";
import { CONF_DIRECTORY, readConfFiles } from "../node/networks.ts";
import { EXIT, failed, printed } from "../world.ts";

/** The shell asks berth itself at each Tab, and expands nothing of what it is told. */
const BASH = `_berth() {
  mapfile -t COMPREPLY < <("\${COMP_WORDS[0]}" completion --words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _berth berth
`;

const HELP = `
Examples:
  source <(berth completion bash)                                                # in this shell
  berth completion bash > /usr/share/bash-completion/completions/berth            # in every new one

Commands, options, their values and the names of networks (in NETCONFPATH, else ${CONF_DIRECTORY}) are completed.
`;

export const completionCommand: Define = ({ env }, finish) =>
  new Command("completion")
    .description("print what makes the shell complete berth's command line")
    .argument("[shell...]", "which: bash; with --words the command line after its first word")
    .option("--words", "print the completions of the last word instead, a line each")
    .addHelpText("after", HELP)
    .action((words: string[], { words: asked }: { words?: true }, command: Command) => {
      const networks = () => networksOf(env.get("NETCONFPATH") || CONF_DIRECTORY);
      if (asked) return finish(printed(linesOf(candidates(command.parent ?? command, words, { networks }))));
      if (words.join(" ") === "bash" || words.length === 0) return finish(printed(BASH));
      finish(failed(`berth completion: ${words.join(" ")}: only bash is known\n`, EXIT.usage));
    });

const linesOf = (words: readonly string[]): string => words.map((word) => `${word}\n`).join("");

function networksOf(directory: string): string[] {
  const files = attempt(() => readConfFiles(directory)) ?? [];
  return [...new Set(files.flatMap(({ network }) => network?.name ?? []))];
}
