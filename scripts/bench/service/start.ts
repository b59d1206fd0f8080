/**
 * npm run bench:service -- --start [SERVICES [ENDPOINTS]]: berthd with one file of that many services (45,000, of two each), from
 * its start to when the rules are there; started again with nothing to change; how long its control socket takes to answer meanwhile;
 * memory. As root.
 */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { directoryAt } from "../../../src/service/bun/directory.ts";
import { FilesSource } from "../../../src/service/sources/files.ts";
import { Store } from "../../../src/service/store/store.ts";
import { sh } from "../../../test/support/command.ts";
import { openLab } from "../../../test/support/lab.ts";
import { Berthd } from "../../../test/support/service/berthd.ts";
import { summarise } from "../stats.ts";
import { number } from "../table.ts";
import { heading, printTable } from "./heading.ts";
import { listOf } from "./many.ts";

/** How often the socket is asked, in milliseconds. */
const EVERY = 2;
const REST_MS = 10_000;

/** The executable, made of the sources as they are. */
export function built(): string[] {
  sh(undefined, "npm", "run", "--silent", "build:service");
  return [join(import.meta.dir, "../../../dist/berthd")];
}

interface Started {
  /** Milliseconds from its start. */
  readonly ready: number;
  /** Milliseconds for each time it was asked, or would have been while it did not answer. */
  readonly answers: readonly number[];
  /** MB ten seconds after, and at most. */
  readonly rss: number;
  readonly peak: number;
  /** Seconds of the processor until it was ready. */
  readonly cpu: number;
}

async function start(berthd: Berthd): Promise<Started> {
  const child = berthd.start();
  const begun = performance.now();
  try {
    const answers: number[] = [];
    let ready = 0;
    for (let n = 0; ready === 0; n++) {
      const asked = performance.now();
      const status = await statusOf(berthd, n % 5 === 0 ? "/readyz" : "/healthz");
      const took = performance.now() - asked;
      if (n % 5 === 0 && status === 200) ready = performance.now() - begun;
      // Who asks every two milliseconds also asks while nothing is answered.
      if (status !== undefined) for (let wait = took; wait > 0; wait -= EVERY) answers.push(wait);
      if (took < EVERY) await Bun.sleep(EVERY - took);
    }
    const cpu = cpuOf(child.pid);
    await Bun.sleep(REST_MS);
    const { rss, peak } = memoryOf(child.pid);
    return { ready, answers, rss, peak, cpu };
  } finally {
    child.kill("SIGTERM");
    await child.exited;
  }
}

/** Undefined before it listens. */
const statusOf = (berthd: Berthd, path: string) =>
  berthd.get(path).then(
    ({ status }) => status,
    () => undefined,
  );

/** proc_pid_status(5). */
function memoryOf(pid: number): { rss: number; peak: number } {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  const megabytes = (key: string) => (Number(new RegExp(`^${key}:\\s+(\\d+) kB`, "m").exec(text)?.[1]) * 1024) / 1e6;
  return { rss: megabytes("VmRSS"), peak: megabytes("VmHWM") };
}

/** proc_pid_stat(5): ticks of a hundredth of a second, in user and kernel mode. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/.*\) /s, "").split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Run as a process of its own: how long reading, checking and storing takes, and JSON's part of it, in milliseconds. */
async function read(directory: string): Promise<void> {
  const file = readFileSync(join(directory, "all.json"), "utf8");
  const before = performance.now();
  JSON.parse(file);
  const json = performance.now() - before;
  const source = new FilesSource(directoryAt(directory));
  const store = new Store({ node: "n1", zone: "" }, [source.name]);
  const from = performance.now();
  await source.start(store);
  console.log(JSON.stringify({ all: performance.now() - from, json, services: [...store.keys()].length }));
  source.close();
}

export async function main(words: readonly string[]): Promise<void> {
  const [count = 45_000, endpoints = 2] = words.map(Number);
  using lab = openLab();
  const berthd = new Berthd(lab, {}, built());
  const path = join(berthd.directory, "all.json");
  writeFileSync(path, listOf(count, endpoints));
  const child = Bun.spawnSync([process.execPath, import.meta.path, "read", berthd.directory], { stderr: "inherit" });
  const reading = JSON.parse(child.stdout.toString());
  if (reading.services !== count) throw new Error(`${reading.services} services were read of ${count}`);
  const [cold, again] = [await start(berthd), await start(berthd)];
  console.log(
    `${heading()}; ${count.toLocaleString("en")} services, a file of ${number(statSync(path).size / 1e6)} MB\n`,
  );
  print(cold, again);
  console.log(
    `\nReading and checking by itself: ${number(reading.all)} ms, JSON's part of it ${number(reading.json)} ms.`,
  );
}

function print(cold: Started, again: Started): void {
  const both = (of: (started: Started) => string) => [of(cold), of(again)];
  const answered = ({ answers }: Started) => {
    const { median, p99 } = summarise(answers);
    return `${[median, p99, Math.max(...answers)].map(number).join(" / ")} ms`;
  };
  printTable(
    ["what", "cold start", "start again, nothing to change"],
    [
      ["from its start to the last commit", ...both(({ ready }) => `${number(ready / 1000)} s`)],
      ["the processor's time for that", ...both(({ cpu }) => `${number(cpu)} s`)],
      ["an answer of the control socket meanwhile, p50 / p99 / most", ...both(answered)],
      ["RSS ten seconds after", ...both(({ rss }) => `${number(rss)} MB`)],
      ["RSS at most", ...both(({ peak }) => `${number(peak)} MB`)],
    ],
  );
}

if (import.meta.main) await read(process.argv[3] ?? "");
