/**
 * npm run bench:service -- --events [SERVICES [TIMES]]: from a change of one small file, beside one of that many services (45,000), to the
 * kernel's word on its commit (change.c); and from somebody's `nft flush ruleset` to the last commit of its repair, at 2 and 1,000 services.
 * As root.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "../../../src/netlink/client.ts";
import { findGeneration } from "../../../src/nft/find-generation.ts";
import { type Lab, openLab } from "../../../test/support/lab.ts";
import { nftClient } from "../../../test/support/nft.ts";
import { Berthd, until } from "../../../test/support/service/berthd.ts";
import { talkToProgram } from "../../../test/support/service/talk.ts";
import { compileProgram } from "../programs.ts";
import { summarise } from "../stats.ts";
import { number } from "../table.ts";
import { heading, printTable } from "./heading.ts";
import { listOf, objectsOf } from "./many.ts";
import { built } from "./start.ts";

const REPAIRS = 20;
const QUIET_MS = 500;

async function withBerthd<T>(count: number, run: (lab: Lab, berthd: Berthd) => Promise<T>): Promise<T> {
  using lab = openLab();
  const berthd = new Berthd(lab, {}, built());
  writeFileSync(join(berthd.directory, "all.json"), listOf(count));
  const child = berthd.start();
  try {
    await until(() => berthd.isReady(), 60_000);
    // What the start has left to do, and the collection of what it needed.
    await Bun.sleep(3000);
    return await run(lab, berthd);
  } finally {
    child.kill("SIGKILL");
  }
}

/** Milliseconds of each change. */
function changes(count: number, times: number): Promise<number[]> {
  return withBerthd(count, async (lab, berthd) => {
    const program = compileProgram(join(import.meta.dir, "change.c"), join(import.meta.dir, "../../../build/bench"));
    const talk = talkToProgram(lab.host, program);
    await talk.next();
    // Made elsewhere, so that nothing is told of it before.
    const made = join(lab.dir, "made.json");
    const took: number[] = [];
    for (let i = -5; i < times; i++) {
      const end = `10.77.${i & 1}.1`;
      writeFileSync(made, JSON.stringify({ kind: "List", items: objectsOf(count, [end, "10.77.2.1"]) }));
      await Bun.sleep(60 + Math.random() * 60);
      talk.say(`${made} ${join(berthd.directory, "one.json")} ${end}`);
      const nanoseconds = Number(await talk.next());
      // The first ones warm it up.
      if (i >= 0) took.push(nanoseconds / 1e6);
    }
    talk.kill();
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
