/**
 * npm run bench:service -- --events [SERVICES [TIMES]]: from a change of one small file, beside one of that many services (45,000), to the
 * commit, as nft monitor reports it; and from somebody's `nft flush ruleset` to the last commit of its repair, at 2 and 1,000 services.
 * As root.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "../../../src/netlink/client.ts";
import { findGeneration } from "../../../src/nft/find-generation.ts";
import { monotonic } from "../../../src/sys/bun/clock.ts";
import { type Lab, openLab } from "../../../test/support/lab.ts";
import { nftClient } from "../../../test/support/nft.ts";
import { Berthd, until } from "../../../test/support/service/berthd.ts";
import { type Commit, watchCommits } from "../../../test/support/service/monitor.ts";
import { summarise } from "../stats.ts";
import { number } from "../table.ts";
import { heading, printTable } from "./heading.ts";
import { listOf, objectsOf } from "./many.ts";
import { built } from "./start.ts";

const REPAIRS = 20;
const PATIENCE_MS = 20_000;
const QUIET_MS = 500;

/** Commits in the order in which they were reported. */
class Commits {
  readonly #all: Commit[] = [];

  take(commit: Commit): void {
    this.#all.push(commit);
  }

  /** A place behind all that there are. */
  get next(): number {
    return this.#all.length;
  }

  /** When the first from that place on was reported for which `is` holds, and the place behind it. */
  async first(place: number, is: (commit: Commit) => boolean): Promise<{ at: number; next: number }> {
    let looked = place;
    let found: Commit | undefined;
    await until(() => {
      while (!found && looked < this.#all.length) {
        const commit = this.#all[looked++];
        if (commit && is(commit)) found = commit;
      }
      return found !== undefined;
    }, PATIENCE_MS);
    return { at: found?.at ?? Number.NaN, next: looked };
  }
}

async function withBerthd<T>(
  count: number,
  run: (lab: Lab, berthd: Berthd, commits: Commits) => Promise<T>,
): Promise<T> {
  using lab = openLab();
  const berthd = new Berthd(lab, {}, built());
  writeFileSync(join(berthd.directory, "all.json"), listOf(count));
  const child = berthd.start();
  try {
    await until(() => berthd.isReady(), 60_000);
    const commits = new Commits();
    const end = await watchCommits(lab, (commit) => commits.take(commit));
    // What the start has left to do, and the collection of what it needed.
    await Bun.sleep(3000);
    try {
      return await run(lab, berthd, commits);
    } finally {
      end();
    }
  } finally {
    child.kill("SIGKILL");
  }
}

/** Milliseconds of each change. */
function changes(count: number, times: number): Promise<number[]> {
  return withBerthd(count, async (_, berthd, commits) => {
    const took: number[] = [];
    for (let i = -5; i < times; i++) {
      const end = `10.77.${i & 1}.1`;
      const { next } = commits;
      const from = monotonic();
      berthd.write("one.json", ...objectsOf(count, [end, "10.77.2.1"]));
      const isThere = ({ lines }: Commit) => lines.some((line) => line.includes(` : ${end} . 8080 `));
      const { at } = await commits.first(next, isThere);
      // The first ones warm it up.
      if (i >= 0) took.push(at - from);
      await Bun.sleep(60 + Math.random() * 60);
    }
    return took;
  });
}

/** Milliseconds of each repair, by the generation of the ruleset: nft monitor would take its time for so many elements. */
function repairs(count: number): Promise<number[]> {
  return withBerthd(count, async (lab) => {
    const client = nftClient(lab);
    const took: number[] = [];
    for (let i = 0; i < REPAIRS; i++) {
      took.push(await repair(lab, client));
      await Bun.sleep(Math.random() * 100);
    }
    return took;
  });
}

/** From the flush, the first change of the ruleset, to the last one, after which nothing changes for a while. */
async function repair(lab: Lab, client: Client): Promise<number> {
  const changes: number[] = [];
  const before = findGeneration(client);
  let generation = before;
  const begun = performance.now();
  Bun.spawn(["ip", "netns", "exec", lab.host, "nft", "flush", "ruleset"]);
  while (performance.now() - (changes.at(-1) ?? begun) < QUIET_MS) {
    const next = findGeneration(client);
    if (next !== generation) changes.push(performance.now());
    generation = next;
    await Bun.sleep(1);
  }
  const [first, last] = [changes[0] ?? 0, changes.at(-1) ?? 0];
  // The flush, the tables, their elements.
  if (generation - before < 3) throw new Error(`the ruleset changed ${generation - before} times and was not repaired`);
  return last - first;
}

const figures = (took: readonly number[]) => {
  const { median, p99 } = summarise(took);
  return [`${took.length}`, ...[median, p99, Math.max(...took)].map((one) => `${number(one)} ms`)];
};

export async function main(words: readonly string[]): Promise<void> {
  const [count = 45_000, times = 200] = words.map(Number);
  const rows = [
    [`one endpoint changed, beside ${count.toLocaleString("en")} services`, ...figures(await changes(count, times))],
    ["everything flushed, 2 services", ...figures(await repairs(2))],
    ["everything flushed, 1,000 services", ...figures(await repairs(1000))],
  ];
  console.log(`${heading()}\n`);
  printTable(["until it was committed", "times", "p50", "p99", "most"], rows);
}
