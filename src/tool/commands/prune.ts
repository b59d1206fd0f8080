import { Command } from "commander";
import { read, terminal } from "#sys";
import { messageOf } from "../../base/errno.ts";
import { Explained } from "../../base/explained.ts";
import { decodeUtf8 } from "../../base/utf8.ts";
import { CniError } from "../../spec/errors.ts";
import type { Define } from "../define.ts";
import { underNodeLock } from "../node-lock.ts";
import { type PlaceOptions, placesOf, pluginPath, withPlaces } from "../places.ts";
import { type Leftovers, leftoversOf } from "../prune/left.ts";
import { prune } from "../prune/prune.ts";
import { type Asking, type Subject, subjectOf } from "../prune/subject.ts";
import { usersOf } from "../prune/users.ts";
import { askRuntimes } from "../runtimes/runtimes.ts";
import { EXIT, failed, type Outcome, printed, type World } from "../world.ts";

interface Options extends PlaceOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly force?: boolean;
}

export const pruneCommand: Define = (world, finish) =>
  withPlaces(new Command("prune"))
    .description("remove what a network that nobody uses has left on this machine")
    .argument("<network>", "the network's name")
    .option("--dry-run", "show what would be removed")
    .option("-y, --yes", "do not ask")
    .option("--force", "take for gone whom nothing says to live: the reference's leases, and what has none")
    .addHelpText("after", HELP)
    .action((network: string, options: Options) => finish(pruneNetwork(world, network, options)));

const HELP = `
Its bridge (one that berth made, and that has no port of others), links and leases of the dead, their rules, sets and tables that are
empty then, the directory of its leases with the index, and libcni's results of it. The configuration stays. While a container
lives in the network nothing is touched. On a terminal it asks before; elsewhere it wants --yes. It can be repeated: also one
that was killed.

Examples:
  berth prune mynet --dry-run
  berth prune mynet --yes && rm /etc/cni/net.d/10-mynet.conflist

Exit status: 0 nothing is left; 1 it is in use, or something could not be removed, or nobody said yes; 2 the command line is
wrong, or there is no such network.
`;

function pruneNetwork(world: World, network: string, options: Options): Outcome {
  const said: string[] = [];
  const { containers, failed: unasked } = askRuntimes(world.env);
  const means = { places: placesOf(options, world), path: pluginPath(world), plugins: world.about.plugins };
  const asking: Asking = { ...means, containers, warn: (line) => void said.push(line) };
  for (const { runtime, message } of unasked) said.push(`${runtime} tells not what lives: ${message}`);
  try {
    const { stderr, ...rest } = decided(world, network, asking, options);
    return { ...rest, stderr: linesOf(said) + stderr };
  } catch (error) {
    if (!(error instanceof Explained)) throw error;
    return failed(linesOf([...said, `berth prune: ${error.message}; ${error.details}`]));
  }
}

const linesOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

/** Nobody waits for the lock while a person thinks. */
function decided(world: World, network: string, asking: Asking, options: Options): Outcome {
  const decide = (yes: boolean) => underNodeLock(() => attempted(network, asking, { ...options, yes }));
  const first = decide(options.yes === true);
  if (!first.asks || !isTerminal(world)) return first;
  world.progress(`${first.stdout}Remove it? [y/N]`);
  const isAgreed = /^y(es)?$/i.test((decodeUtf8(read(0, 64)) ?? "").trim());
  return isAgreed ? decide(true) : failed("nothing was removed\n");
}

const isTerminal = (world: World): boolean => terminal(0) !== undefined && world.stream("stderr").isTerminal;

/** What was done; `asks`: nothing, as nobody has agreed. */
type Attempt = Outcome & { readonly asks?: boolean };

function attempted(network: string, asking: Asking, options: Options): Attempt {
  const subject = subjectOf(network, asking);
  if (!subject) {
    const { conf, cache } = asking.places;
    return failed(`berth prune: no network "${network}" in ${conf}, nor in ${cache}/results\n`, EXIT.usage);
  }
  const users = usersOf(subject).filter(({ sure }) => sure || !options.force);
  if (users.length > 0) {
    const hint = users.every(({ sure }) => !sure) ? "; --force takes them for gone" : "";
    const title = `berth prune: network ${network} is in use${hint}:`;
    return failed(linesOf([title, ...users.map(({ text }) => `  ${text}`)]));
  }
  const before = leftoversOf(subject);
  const kept = linesOf(before.kept);
  if (before.removable.length === 0) return printed(`${kept}nothing is left of network ${network}\n`);
  const plan = linesOf(before.removable.map((line) => `would remove ${line}`));
  if (options.dryRun) return printed(plan + kept);
  if (!options.yes) {
    const stderr = "nothing was removed: --yes removes it\n";
    return { code: EXIT.failed, stdout: plan + kept, stderr, asks: true };
  }
  return removed(subject, before, () => subjectOf(network, asking));
}

function removed(subject: Subject, before: Leftovers, again: () => Subject | undefined): Outcome {
  const failures = prune(subject);
  const after = leftoversOf(again() ?? { ...subject, node: { ...subject.node, cached: [] } });
  const gone = before.removable.filter((line) => !after.removable.includes(line));
  const stdout = linesOf([...gone.map((line) => `removed ${line}`), ...after.kept]);
  const stderr = linesOf([
    ...failures.map((failure) => `berth prune: ${failure instanceof CniError ? failure.text : messageOf(failure)}`),
    ...after.removable.map((line) => `left: ${line}`),
  ]);
  return { code: stderr === "" ? EXIT.ok : EXIT.failed, stdout, stderr };
}
