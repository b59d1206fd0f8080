import { Command, Option } from "commander";
import type { Define } from "../define.ts";
import { InTheWay, install, planInstall, type Step, wordsOf } from "../install/install.ts";
import { leftBehind } from "../install/left.ts";
import { leftText } from "../install/left-text.ts";
import { planUninstall, type UndoStep, undoWordsOf, uninstall } from "../install/uninstall.ts";
import { type Use, usesOf } from "../install/usage.ts";
import { CONF_DIRECTORY } from "../node/networks.ts";
import { jsonText } from "../output/json.ts";
import { table } from "../output/table.ts";
import { EXIT, failed, type Outcome, printed } from "../world.ts";

const HELP = `
Each plugin is a file of its own, a copy of the executable that runs (where the file system can, one that shares its blocks);
berth is put beside them. A file is replaced by rename: who calls it meanwhile has the old one or the new one, also when this is
killed. What it replaces of others' is kept in DIR/.berth-replaced and comes back by --uninstall.
A second install of the same build does nothing. After it: which networks call which plugin, and whose that is.

Examples:
  berth install --dry-run
  berth install && ln -s /opt/cni/bin/berth /usr/local/bin/berth
  berth install --names cnv-            # cnv-bridge, cnv-host-local, …: beside the reference's
  berth install --uninstall             # the files that were there before are back
`;

interface Options {
  readonly dir: string;
  readonly names: string;
  readonly links?: boolean;
  readonly uninstall?: boolean;
  readonly dryRun?: boolean;
  readonly confDir: string;
  readonly output: "table" | "json";
}

/** The file that runs, also where its name is another's by now. */
const SELF = "/proc/self/exe";

/** The executable finds its own name behind a dash: spec/plugin.ts. */
const PREFIX = /^([A-Za-z0-9_][A-Za-z0-9_.-]*-)?$/;

export const installCommand: Define = (_, finish) =>
  new Command("install")
    .description("install this berth as the plugins, or take it out again")
    .option("--dir <directory>", "of the plugins", "/opt/cni/bin")
    .option("--names <prefix>", "what the plugins' names begin with: cnv-", "")
    .option("--links", "the plugins as links to berth")
    .option("--uninstall", "put back what was replaced, remove the rest")
    .option("--dry-run", "say what would be done")
    .option("--conf-dir <directory>", "where the network configurations are", CONF_DIRECTORY)
    .addOption(new Option("-o, --output <form>", "in which form").choices(["table", "json"]).default("table"))
    .addHelpText("after", HELP)
    .action((options: Options) => finish(outcomeOf(options)));

function outcomeOf(options: Options): Outcome {
  if (!PREFIX.test(options.names)) {
    return failed(`berth install: --names ${options.names}: it must end with "-", as cnv- does\n`, EXIT.usage);
  }
  try {
    return options.uninstall ? uninstalled(options) : installed(options);
  } catch (error) {
    if (error instanceof InTheWay) return failed(`berth install: ${error.message}\n`);
    throw error;
  }
}

function installed({ dir, names, links = false, dryRun, confDir, output }: Options): Outcome {
  const wanted = { directory: dir, prefix: names, links, source: SELF };
  const steps = dryRun ? planInstall(wanted) : install(wanted);
  const uses = usesOf(confDir, dir);
  if (output === "json") return printed(jsonText({ directory: dir, steps, uses }));
  const isDone = steps.every(({ does }) => does === "nothing");
  const done = isDone ? `${dir} has this build already: nothing to do\n` : stepsText(steps, wordsOf, dryRun);
  return printed(`${done}${usesText(uses)}`);
}

function uninstalled({ dir, names, dryRun, confDir, output }: Options): Outcome {
  const left = leftBehind();
  const steps = dryRun ? planUninstall(dir, names) : uninstall(dir, names);
  const uses = usesOf(confDir, dir);
  if (output === "json") return printed(jsonText({ directory: dir, steps, uses, left }));
  const done = steps.length === 0 ? `nothing of berth is in ${dir}\n` : stepsText(steps, undoWordsOf, dryRun);
  return printed(`${done}${usesText(uses)}${leftText(left)}`);
}

function stepsText<S extends Step | UndoStep>(steps: readonly S[], words: (step: S) => string, dryRun = false): string {
  return table(
    ["name", "was", dryRun ? "would be" : "is now"],
    steps.map((step) => [step.name, step.was.text, words(step)]),
  );
}

function usesText(uses: readonly Use[]): string {
  if (uses.length === 0) return "";
  const rows = uses.map(({ network, plugin, program, file }) => [network, plugin, program.text, file]);
  return `\n${table(["network", "plugin", "whose", "file"], rows)}`;
}
