/**
 * npm run bench:service [-- SERVICES…]: how long it takes to make services of two endpoints in nf_tables, from a filled store to the last
 * commit, by the sink and its thread as berthd has them, beside kube-proxy's layouts as ../shared/cases/service_rules.py writes them,
 * read by nft and iptables. Each in a network namespace of its own. As root. Prints a table in Markdown; who shares the machine is said
 * above it. `--start` measures berthd itself (service/start.ts), `--events` one change and repairs (service/events.ts).
 */

import { Client } from "../../src/netlink/client.ts";
import { NETLINK_NETFILTER, openSocket, type Socket } from "../../src/netlink/socket.ts";
import { startThread } from "../../src/service/bun/thread.ts";
import { Metrics } from "../../src/service/operate/metrics.ts";
import { readDocument } from "../../src/service/schema/read.ts";
import { lineOf } from "../../src/service/sinks/nft/port-text.ts";
import { NftSink } from "../../src/service/sinks/nft/sink.ts";
import { Writer } from "../../src/service/sinks/nft/writer.ts";
import { Store } from "../../src/service/store/store.ts";
import { heading, printTable } from "./service/heading.ts";
import { objectsOf } from "./service/many.ts";
import { summarise } from "./stats.ts";

const RULES = "../shared/cases/service_rules.py";
/** How often one service more is added. */
const ADDED = 200;
/** How many records are made at a time. */
const PART = 1000;
/** Layouts whose time grows faster than the services are not asked for more. */
const LAYOUTS = [
  { name: "kp136", most: 5000, reader: ["nft", "-f"] },
  { name: "flat", most: 45_000, reader: ["nft", "-f"] },
  { name: "ipt", most: 5000, reader: ["iptables-nft-restore"] },
] as const;

const OPTIONS = { containers: [], serviceCIDRs: [], masqueradeAll: false };

/** Cells of the table's row after the number of services. */
type Row = readonly string[];

function storeOf(n: number): Store {
  const store = new Store({ node: "n1", zone: "" }, ["bench"]);
  for (let at = 0; at < n; at += PART) store.apply("bench", recordsOf(at, Math.min(n, at + PART)));
  // It tells that this was all.
  const rest = [...store.keys()].flatMap((key) => [store.service(key), ...store.slicesOf(key)]);
  store.replace(
    "bench",
    rest.filter((one) => one !== undefined),
  );
  return store;
}

function recordsOf(from: number, to: number) {
  const items = Array.from({ length: to - from }, (_, i) => objectsOf(from + i)).flat();
  return readDocument({ kind: "List", items }, "bench").records;
}

/** Run in the namespace: `bun services.ts berthd N`. */
async function berthd(n: number): Promise<Row> {
  const store = storeOf(n);
  Bun.gc(true);
  const make = async () => {
    const log = () => {};
    const sink = new NftSink(startThread(OPTIONS), {
      ...{ metrics: new Metrics(), now: Date.now, wait: (ms: number) => Bun.sleep(ms), log },
    });
    // The thread has started.
    await Bun.sleep(500);
    const took = await timed(() => sink.start(store));
    if (sink.applied === 0) throw new Error("the rules were not made");
    sink.close();
    return took;
  };
  const [cold, again] = [await make(), await make()];
  return ["berthd", cold, again, oneMore(store, n)];
}

/** How long the kernel takes for what is sent: it has done all of it when sending returns. */
class Counting implements Socket {
  milliseconds = 0;
  readonly #socket = openSocket(NETLINK_NETFILTER);
  readonly receive = this.#socket.receive;
  readonly cookie = this.#socket.cookie;
  readonly close = this.#socket.close;

  send(datagram: Uint8Array): void {
    const start = performance.now();
    this.#socket.send(datagram);
    this.milliseconds += performance.now() - start;
  }
}

/** The commit of one service more, with its plan; and the kernel's part of that. */
function oneMore(store: Store, n: number): string {
  const linesOf = (keys: Iterable<string>) => [...keys].map((key) => lineOf(key, store.portsOf(key)));
  const socket = new Counting();
  const writer = new Writer(new Client(socket), OPTIONS);
  writer.begin();
  writer.part(linesOf(store.keys()));
  writer.finish();
  const kernel: number[] = [];
  const whole = Array.from({ length: ADDED }, (_, i) => {
    store.apply("bench", recordsOf(n + i, n + i + 1));
    const lines = linesOf([`default/s${n + i}`]);
    const [start, before] = [performance.now(), socket.milliseconds];
    writer.change(lines);
    kernel.push(socket.milliseconds - before);
    return performance.now() - start;
  });
  const [all, own] = [whole, kernel].map(summarise);
  return `${all?.median.toFixed(3)} / ${all?.p99.toFixed(2)} ms, in the kernel ${own?.median.toFixed(3)}`;
}

/** Wall clock, and the processor's time of this process, which others on the machine change less. */
async function timed(work: () => Promise<void>): Promise<string> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(before);
  return `${seconds(performance.now() - start)} (${seconds((user + system) / 1000)})`;
}

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(2)} s`;

function layout(name: string, reader: readonly string[], n: number): Row {
  const file = `/tmp/berth-bench-${process.pid}.rules`;
  const text = Bun.spawnSync(["python3", RULES, name, `${n}`, "2"]).stdout;
  Bun.spawnSync(["tee", file], { stdin: text, stdout: "ignore" });
  const start = performance.now();
  const { exitCode, stderr, resourceUsage } = Bun.spawnSync(["unshare", "-n", ...reader, file]);
  const wall = performance.now() - start;
  Bun.spawnSync(["rm", file]);
  if (exitCode !== 0) throw new Error(`${reader.join(" ")}: ${stderr}`);
  const cpu = Number(resourceUsage?.cpuTime.total ?? 0) / 1000;
  return [`${name}, ${reader[0]}`, `${seconds(wall)} (${seconds(cpu)})`, "", ""];
}

function main(counts: readonly number[]): void {
  console.log(`${heading()}; in brackets the processor's time, of both threads\n`);
  const rows: (readonly string[])[] = [];
  for (const n of counts) {
    const child = Bun.spawnSync(["unshare", "-n", process.execPath, import.meta.path, "berthd", `${n}`], {
      stderr: "inherit",
      // As berthd runs: bun/engine.ts.
      env: { ...process.env, BUN_JSC_useFTLJIT: "0" },
    });
    rows.push([n.toLocaleString("en"), ...(JSON.parse(child.stdout.toString()) as Row)]);
    for (const { name, most, reader } of LAYOUTS)
      if (n <= most) rows.push([n.toLocaleString("en"), ...layout(name, reader, n)]);
  }
  printTable(["services", "what", "cold start", "start again, nothing to change", "one more, p50 / p99"], rows);
}

const [mode = "", ...words] = process.argv.slice(2);
if (mode === "--start") await (await import("./service/start.ts")).main(words);
else if (mode === "--events") await (await import("./service/events.ts")).main(words);
else if (mode === "berthd") {
  console.log(JSON.stringify(await berthd(Number(words[0]))));
  process.exit();
} else main(mode === "" ? [1000, 5000, 10_000, 30_000, 45_000] : [mode, ...words].map(Number));
