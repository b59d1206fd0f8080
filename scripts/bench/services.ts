/**
 * npm run bench:service [-- SERVICES…]: how long it takes to make services of two endpoints in nf_tables, from a filled store to the last
 * commit, beside kube-proxy's layouts as ../shared/cases/service_rules.py writes them, read by nft and iptables. Each in a network
 * namespace of its own. As root. Prints a table in Markdown; who shares the machine is said above it.
 *
 * -- --start [SERVICES] and -- --events [SERVICES [TIMES]] measure berthd itself (service/start.ts, service/events.ts).
 */
import { cpus, loadavg, release } from "node:os";
import { Client } from "../../src/netlink/client.ts";
import { NETLINK_NETFILTER, openSocket } from "../../src/netlink/socket.ts";
import { lineOf } from "../../src/service/sinks/nft/port-text.ts";
import { Writer } from "../../src/service/sinks/nft/writer.ts";
import type { ObjectRecord, ServiceRecord, SliceRecord } from "../../src/service/store/records.ts";
import { Store } from "../../src/service/store/store.ts";

const RULES = "../shared/cases/service_rules.py";
/** How often one service more is added. */
const ADDED = 200;
/** Layouts whose time grows faster than the services are not asked for more. */
const LAYOUTS = [
  { name: "kp136", most: 5000, reader: ["nft", "-f"] },
  { name: "flat", most: 45_000, reader: ["nft", "-f"] },
  { name: "ipt", most: 5000, reader: ["iptables-nft-restore"] },
] as const;

const dotted = (first: number, n: number) => `${first + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;

function recordsOf(i: number): [ServiceRecord, SliceRecord] {
  const [key, since] = [`default/s${i}`, 0];
  const service = {
    ...{ kind: "service", key, addresses: [`10.${dotted(96, i)}`], since },
    ports: [{ name: "http", protocol: "tcp", port: 80, nodePort: 0 }],
    ...{ externalAddresses: [], balancerAddresses: [], sourceRanges: [] },
    ...{ internalPolicy: "Cluster", externalPolicy: "Cluster", affinity: 0, publishNotReady: false, distribution: "" },
  } as const satisfies ServiceRecord;
  const end = (j: number) => ({
    address: `10.${dotted(0, 2 * i + j)}`,
    ready: true,
    serving: true,
    terminating: false,
    node: "n2",
  });
  const ports = [{ name: "http", protocol: "tcp", port: 8080 }] as const;
  return [
    service,
    { kind: "slice", key: `${key}-1`, service: key, family: 4, ports, endpoints: [end(0), end(1)], since },
  ];
}

interface Row {
  readonly what: string;
  readonly cold: string;
  readonly more: string;
  readonly again: string;
  readonly memory: string;
}

/** Run in the namespace: `bun services.ts berthd N`. */
function berthd(n: number): Row {
  const records: ObjectRecord[] = Array.from({ length: n }, (_, i) => recordsOf(i)).flat();
  const store = new Store({ node: "n1", zone: "" }, ["bench"]);
  store.replace("bench", records);
  const linesOf = (keys: Iterable<string>) => [...keys].map((key) => lineOf(key, store.portsOf(key)));
  const begin = (writer: Writer) => {
    writer.begin();
    writer.part(linesOf(store.keys()));
    writer.finish();
  };
  const open = () => new Writer(new Client(openSocket(NETLINK_NETFILTER)), { containers: [], masqueradeAll: false });
  const first = open();
  const cold = timed(() => begin(first));
  const memory = `${(process.memoryUsage.rss() / 1e6).toFixed(0)} MB`;
  const times = Array.from({ length: ADDED }, (_, i) => {
    store.apply("bench", recordsOf(n + i));
    const start = performance.now();
    first.change(linesOf([`default/s${n + i}`]));
    return performance.now() - start;
  }).sort((a, b) => a - b);
  const more = `${times[ADDED / 2]?.toFixed(3)} / ${times[Math.floor(ADDED * 0.99)]?.toFixed(2)} ms`;
  const again = timed(() => begin(open()));
  return { what: "berthd", cold, more, again, memory };
}

/** Wall clock, and the processor's time of this process, which others on the machine change less. */
function timed(work: () => void): string {
  const [start, before] = [performance.now(), process.cpuUsage()];
  work();
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
  return { what: `${name}, ${reader[0]}`, cold: `${seconds(wall)} (${seconds(cpu)})`, more: "", again: "", memory: "" };
}

function main(counts: readonly number[]): void {
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model}, Linux ${release()}, Bun ${Bun.version}, load ${loadavg()
      .map((x) => x.toFixed(1))
      .join(" ")}\n`,
  );
  console.log("| services | what | cold start (processor) | one more, p50 / p99 | start again (processor) | RSS |");
  console.log("| --- | --- | --- | --- | --- | --- |");
  for (const n of counts) {
    const child = Bun.spawnSync(["unshare", "-n", process.execPath, import.meta.path, "berthd", `${n}`], {
      stderr: "inherit",
    });
    const rows = [JSON.parse(child.stdout.toString()) as Row];
    for (const { name, most, reader } of LAYOUTS) if (n <= most) rows.push(layout(name, reader, n));
    for (const { what, cold, more, again, memory } of rows)
      console.log(`| ${n} | ${what} | ${cold} | ${more} | ${again} | ${memory} |`);
  }
}

const [mode = "", ...words] = process.argv.slice(2);
if (mode === "--start") await (await import("./service/start.ts")).main(words);
else if (mode === "--events") await (await import("./service/events.ts")).main(words);
else if (mode === "berthd") console.log(JSON.stringify(berthd(Number(words[0]))));
else main(mode === "" ? [1000, 10_000, 30_000, 45_000] : [mode, ...words].map(Number));
