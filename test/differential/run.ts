/**
 * The differential run, `npm run differential` (HELP). Case I of seed S is the same wherever it runs; with --plugin it is another,
 * as all are of that plugin, and with --chains, as all are lists of plugins. Ends with 1 when a difference is unexplained or a
 * key was never generated.
 */
import { parseArgs } from "node:util";
import fc from "fast-check";
import type { Case } from "./case.ts";
import { compare } from "./compare.ts";
import { Coverage, type Tally } from "./coverage.ts";
import { anyCase } from "./generate.ts";
import { chainCase } from "./generate-chain.ts";
import { describeFailure } from "./report.ts";

const HELP = `Usage: npm run differential -- [--count N] [--seed S] [--jobs J] [--only I] [--plugin P | --chains]

  --count N   cases, 2000 when absent
  --seed S    which ones, 1 when absent
  --jobs J    processes, 2 when absent
  --only I    case I alone
  --plugin P  cases of one plugin
  --chains    cases of lists: a plugin that makes an interface, then one to three of portmap, firewall, tuning, bandwidth`;

interface Options {
  readonly count: number;
  readonly seed: number;
  readonly jobs: number;
  /** The share of this process, of `jobs`; undefined: it is the one that starts them. */
  readonly share: number | undefined;
  readonly only: number | undefined;
  readonly plugin: string | undefined;
  readonly chains: boolean | undefined;
}

function options(): Options {
  const number = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  const names = ["count", "seed", "jobs", "share", "only", "plugin"] as const;
  const { values }: { values: Record<string, unknown> } = parseArgs({
    options: {
      ...Object.fromEntries(names.map((name) => [name, { type: "string" as const }])),
      chains: { type: "boolean" as const },
      help: { type: "boolean" as const },
    },
  });
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  const of = (name: (typeof names)[number]) => number(values[name] as string | undefined);
  return {
    count: of("count") ?? 2000,
    seed: of("seed") ?? 1,
    jobs: of("jobs") ?? 2,
    share: of("share"),
    only: of("only"),
    plugin: values.plugin as string | undefined,
    chains: values.chains as boolean | undefined,
  };
}

/** Case `index` of a seed. */
function caseOf({ seed, plugin, chains }: Options, index: number): Case {
  const cases = chains ? chainCase : plugin === undefined ? anyCase : anyCase.filter((one) => one.plugin === plugin);
  const [one] = fc.sample(cases, { seed: seed * 1_000_003 + index, numRuns: 1 });
  return one as Case;
}

function work(all: Options): Tally {
  const { count, seed, jobs, share = 0, only } = all;
  const coverage = new Coverage();
  for (let index = only ?? share; index < (only === undefined ? count : only + 1); index += jobs) {
    const one = caseOf(all, index);
    const outcome = compare(one);
    coverage.add(one, outcome);
    if (outcome.unexplained)
      console.error(
        `seed ${seed}, case ${index}: --seed ${seed} --only ${index}${kindOf(all)}\n${describeFailure(one, outcome)}\n`,
      );
  }
  return coverage.tally;
}

const optionOf = ([name, value]: [string, unknown]) => (value === true ? [`--${name}`] : [`--${name}`, `${value}`]);

function kindOf({ plugin, chains }: Options): string {
  return chains ? " --chains" : plugin === undefined ? "" : ` --plugin ${plugin}`;
}

async function started(all: Options): Promise<Tally[]> {
  const shares = Array.from({ length: all.jobs }, (_, share) => share);
  return Promise.all(
    shares.map(async (share) => {
      const words = Object.entries({ ...all, share }).filter(([, value]) => value !== undefined);
      const child = Bun.spawn([process.execPath, import.meta.path, ...words.flatMap(optionOf)], {
        stdout: "pipe",
        stderr: "inherit",
      });
      const text = await child.stdout.text();
      if ((await child.exited) !== 0) throw new Error(`share ${share} of the run ended with ${child.exitCode}`);
      return JSON.parse(text);
    }),
  );
}

const all = options();
if (all.share !== undefined) console.log(JSON.stringify(work(all)));
else {
  const begin = performance.now();
  const tallies = all.only === undefined ? await started(all) : [work(all)];
  const coverage = new Coverage();
  for (const tally of tallies) coverage.merge(tally);
  console.log(coverage.report(all.seed, (performance.now() - begin) / 1000));
  process.exit(
    coverage.tally.unexplained > 0 || (all.only === undefined && kindOf(all) === "" && coverage.missing().length > 0)
      ? 1
      : 0,
  );
}
