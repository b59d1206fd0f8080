/** The operator's commands: `berth …`, and `cnitool …` where the executable is called so. */
import { Command, CommanderError } from "commander";
import { errnoOf, messageOf } from "../base/errno.ts";
import { COMMANDS } from "./commands/all.ts";
import { styled } from "./output/help.ts";
import { EXIT, failed, type Outcome, printed, type World } from "./world.ts";

export type { Outcome, World } from "./world.ts";

/** Runs the command that `words`, the command line without argv[0], ask for. */
export function command(words: readonly string[], world: World): Outcome {
  const heard: Heard = { stdout: "", stderr: "", outcome: undefined };
  const program = programOf(world, heard);
  try {
    program.parse(words.length === 0 ? ["help"] : [...words], { from: "user" });
  } catch (error) {
    // What the machine refused; anything else is a defect, which needs its stack.
    if (errnoOf(error) !== undefined) return failed(`berth ${words[0]}: ${messageOf(error)}\n`);
    if (!(error instanceof CommanderError)) throw error;
    // Help that was asked for ends so as well.
    const wrong = world.called === "cnitool" ? EXIT.failed : EXIT.usage;
    return { code: error.exitCode === 0 ? EXIT.ok : wrong, stdout: heard.stdout, stderr: heard.stderr };
  }
  return heard.outcome ?? printed(heard.stdout);
}

/** What commander printed, and what the command's action gave. */
interface Heard {
  stdout: string;
  stderr: string;
  outcome: Outcome | undefined;
}

function programOf(world: World, heard: Heard): Command {
  const { version, build } = world.about;
  const program = styled(new Command(world.called === "cnitool" ? "cnitool" : "berth"), world)
    .description(`berth ${version}: container networking in one executable (CNI plugins as of ${build})`)
    .usage("COMMAND")
    .version(`berth ${version}`, "--version", "print the version")
    .helpOption("-h, --help", "print this")
    .helpCommand("help [command]", "print the help of a command")
    .configureOutput({
      writeOut: (text) => {
        heard.stdout += text;
      },
      writeErr: (text) => {
        heard.stderr += text;
      },
      outputError: (text, write) => write(worded(text, world)),
    })
    .showSuggestionAfterError(true)
    .exitOverride();
  for (const define of COMMANDS) {
    const finish = (outcome: Outcome) => {
      heard.outcome = outcome;
    };
    program.addCommand(settled(define(world, finish), program));
  }
  return program.addHelpText("after", () => pluginsText(world));
}

/** Commander's message in the words of this program. */
function worded(text: string, { about }: World): string {
  const plugins = about.plugins.map(({ name }) => name).join(", ");
  const known = `the plugins are ${plugins}; berth help lists the commands`;
  return text
    .replace(
      /^error: unknown command '(.*)'/,
      (_, word: string) => `error: there is no plugin and no command "${word}": ${known}`,
    )
    .replace(/^error: /, "berth: ");
}

/** Commander gives its settings only to the commands that it makes itself. */
function settled(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) settled(child, command);
  return command;
}

function pluginsText({ about }: World): string {
  const names = about.plugins.map(({ name }) => name).join(", ");
  return `
It is the plugin it is called as: install it, or links to it, in /opt/cni/bin as
  ${names}
or name the plugin: berth PLUGIN, with CNI_* in the environment and the configuration on stdin.

Exit status: 0 done, or all is well; 1 not done, or something is wrong; 2 the command line is wrong.
`;
}
