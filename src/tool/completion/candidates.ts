/** What may stand next on the command line, by commander's tree: so a new command is completed without a word here. */
import type { Argument, Command, Option } from "commander";

/** Names that only the machine knows, as arguments and options ask for them. */
export interface Names {
  networks(): readonly string[];
}

/**
 * The completions of the last of `words`, the command line after its first word; that last one is begun or empty. None where
 * a file may stand: the shell knows those.
 */
export function candidates(program: Command, words: readonly string[], names: Names): string[] {
  const before = words.slice(0, -1);
  const begun = words.at(-1) ?? "";
  return next(program, before, begun, names)
    .filter((word) => word.startsWith(begun))
    .sort();
}

function next(program: Command, before: readonly string[], begun: string, names: Names): string[] {
  const { command, rest } = commandOf(program, before);
  const asked = rest.at(-1);
  const option =
    asked === undefined ? undefined : command.options.find((one) => isCalled(one, asked) && takesValue(one));
  if (rest.length === 1 && rest[0] === "help" && !command.parent) return command.commands.map((one) => one.name());
  if (option) return valuesOf(option.attributeName(), option.argChoices, names);
  if (begun.startsWith("-")) return optionsOf(command);
  if (command.commands.length > 0 && rest.length === 0)
    return [...command.commands.map((one) => one.name()), ...helpOf(command)];
  const argument = argumentAt(command, positions(command, rest));
  return argument ? valuesOf(argument.name(), argument.argChoices, names) : [];
}

/** The command that the words name, and the words after its name. */
function commandOf(program: Command, words: readonly string[]): { command: Command; rest: readonly string[] } {
  const [first, ...others] = words;
  const child = program.commands.find(
    (one) => one.name() === first || (first !== undefined && one.aliases().includes(first)),
  );
  return child ? commandOf(child, others) : { command: program, rest: words };
}

const isCalled = ({ long, short }: Option, word: string): boolean => word === long || word === short;

const takesValue = ({ required, optional }: Option): boolean => required || optional;

function optionsOf(command: Command): string[] {
  return [...command.options.flatMap(({ long, short }) => long ?? short ?? []), "--help"];
}

const helpOf = (command: Command): string[] => (command.parent ? [] : ["help"]);

/** How many arguments stand among the words. */
function positions(command: Command, words: readonly string[]): number {
  let count = 0;
  let value = false;
  for (const word of words) {
    const option = command.options.find((one) => isCalled(one, word));
    if (!value && !word.startsWith("-")) count++;
    value = !value && option !== undefined && takesValue(option);
  }
  return count;
}

function argumentAt(command: Command, at: number): Argument | undefined {
  const { registeredArguments: all } = command;
  const last = all.at(-1);
  return all[at] ?? (last?.variadic ? last : undefined);
}

function valuesOf(name: string, choices: readonly string[] | undefined, names: Names): string[] {
  if (choices) return [...choices];
  return /^net(work)?$/i.test(name) ? [...names.networks()] : [];
}
