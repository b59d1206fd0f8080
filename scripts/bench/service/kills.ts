/**
 * npm run kills [-- ROUNDS [SEED]]: berthd is killed or stopped while its files change, comes back, and the kernel is compared with the
 * files (test/support/service/upheaval.ts). As root. Prints a table in Markdown; ends with 1 where anything differs.
 */
import { openLab } from "../../../test/support/lab.ts";
import { type Round, Upheaval } from "../../../test/support/service/upheaval.ts";
import { summarise } from "../stats.ts";
import { number } from "../table.ts";
import { heading, printTable } from "./heading.ts";

const rounds = Number(process.argv[2] ?? 20);
const seed = Number(process.argv[3] ?? Math.floor(Math.random() * 2 ** 32));

async function run(): Promise<Round[]> {
  const done: Round[] = [];
  using lab = openLab();
  const upheaval = new Upheaval(lab, seed);
  try {
    await upheaval.begin();
    while (done.length < rounds) {
      const round = await upheaval.round();
      const differences = upheaval.differences();
      if (differences.length > 0)
        throw new Error(`seed ${seed}, round ${done.length + 1}, ${round.fate}:\n${differences.join("\n")}`);
      done.push(round);
    }
  } finally {
    upheaval.end();
  }
  return done;
}

const done = await run();
console.log(`${heading()}; seed ${seed}\n`);
const fates = [...new Set(done.map(({ fate }) => fate))].sort();
printTable(
  ["what", "times", "changes of files", "until the kernel had what they say, p50 / most", "missing, extra, ghosts"],
  fates.map((fate) => {
    const of = done.filter((round) => round.fate === fate);
    const took = of.map((round) => round.took);
    const changes = of.reduce((sum, round) => sum + round.changes, 0);
    const time = `${number(summarise(took).median)} / ${number(Math.max(...took))} ms`;
    return [fate, `${of.length}`, `${changes}`, time, "0"];
  }),
);
