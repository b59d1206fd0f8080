/**
 * npm run bench:connect [-- ROUNDS]: what a TCP connection through a service costs a client beyond the host, which leads it to an
 * endpoint behind it: through the last of 100 and of 30,000 services of berthd, the last of 5,000 in kube-proxy's layout
 * (../shared/cases/service_rules.py), and to the endpoint itself where there are no rules. In turns, each in namespaces of its own. As
 * root. Prints tables in Markdown.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sh } from "../../../test/support/command.ts";
import { type Lab, openLab } from "../../../test/support/lab.ts";
import { Berthd, until } from "../../../test/support/service/berthd.ts";
import { inTurns } from "../place.ts";
import { compile } from "../programs.ts";
import { paired, Series, summarise } from "../stats.ts";
import { number } from "../table.ts";
import { heading, printTable } from "./heading.ts";
import { addressOf, endsOf, listOf } from "./many.ts";

const ROUNDS = Number(process.argv[2] ?? 25);
const CONNECTIONS = 2000;
const RULES = "../shared/cases/service_rules.py";
const TRAFFIC = compile(join(import.meta.dir, "../../../build/bench/bin")).traffic;

const SIDES = [
  { name: "the endpoint itself, no rules", services: 100, rules: undefined },
  { name: "berthd, 100 services", services: 100, rules: berthd },
  { name: "berthd, 30,000 services", services: 30_000, rules: berthd },
  { name: "kube-proxy's layout of 1.36, 5,000 services", services: 5000, rules: kubeProxy },
] as const;

/** Its rules stay when it has ended. */
async function berthd(lab: Lab, count: number): Promise<void> {
  const agent = new Berthd(lab);
  writeFileSync(join(agent.directory, "all.json"), listOf(count));
  const child = agent.start();
  await until(() => agent.isReady(), 60_000);
  child.kill("SIGTERM");
  await child.exited;
}

function kubeProxy(lab: Lab, count: number): void {
  const rules = join(lab.dir, "rules");
  sh(undefined, "bash", "-c", `python3 ${RULES} kp136 ${count} 2 >${rules}`);
  sh(lab.host, "nft", "-f", rules);
}

interface Side {
  readonly name: string;
  readonly lab: Lab;
  readonly client: string;
  readonly to: string;
  readonly port: string;
  readonly sink: Bun.Subprocess;
}

async function open({ name, services, rules }: (typeof SIDES)[number]): Promise<Side> {
  const lab = openLab();
  const [client, behind] = [lab.container(), lab.container()];
  lab.sh(lab.host, "sysctl", "-qw", "net.ipv4.ip_forward=1");
  connected(lab, client, "out", "192.0.2");
  connected(lab, behind, "in", "198.51.100");
  const ends = endsOf(services - 1);
  for (const end of ends) {
    lab.sh(behind, "ip", "addr", "add", `${end}/32`, "dev", "lo");
    lab.sh(lab.host, "ip", "route", "add", end, "via", "198.51.100.2");
  }
  await rules?.(lab, services);
  const sink = Bun.spawn(["ip", "netns", "exec", behind, TRAFFIC], {
    env: { ...process.env, TRAFFIC: "awake", PORT: "8080" },
    stdout: "inherit",
  });
  await until(() => lab.sh(behind, "ss", "-Hltn", "sport = :8080") !== "");
  const to = rules ? { to: addressOf(services - 1), port: "80" } : { to: ends[0] ?? "", port: "8080" };
  return { name, lab, client, sink, ...to };
}

/** The namespace, of the address `net`.2, and the host, of `net`.1. */
function connected(lab: Lab, ns: string, name: string, net: string): void {
  lab.sh(lab.host, "ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", ns);
  lab.sh(lab.host, "ip", "addr", "add", `${net}.1/24`, "dev", name);
  lab.sh(lab.host, "ip", "link", "set", name, "up");
  lab.sh(ns, "ip", "addr", "add", `${net}.2/24`, "dev", "eth0");
  for (const link of ["lo", "eth0"]) lab.sh(ns, "ip", "link", "set", link, "up");
  lab.sh(ns, "ip", "route", "add", "default", "via", `${net}.1`);
}

/** The median of so many connections, one after the other, in microseconds. */
async function connect({ client, to, port, sink }: Side): Promise<number> {
  // Only this one's listener runs: they never sleep.
  sink.kill("SIGCONT");
  const env = { ...process.env, TRAFFIC: "connect", TO: to, PORT: port, COUNT: `${CONNECTIONS}` };
  const child = Bun.spawn(["ip", "netns", "exec", client, TRAFFIC], { env, stdout: "pipe" });
  const text = await new Response(child.stdout).text();
  sink.kill("SIGSTOP");
  const [done, , median = ""] = text.trim().split(" ");
  if (Number(done) !== CONNECTIONS) throw new Error(`connecting to ${to}: ${text}`);
  return Number(median) / 1000;
}

async function main(): Promise<void> {
  const sides: Side[] = [];
  const series = new Series();
  try {
    for (const side of SIDES) sides.push(await open(side));
    for (const { sink } of sides) sink.kill("SIGSTOP");
    for (const side of sides) await connect(side);
    for (let round = 0; round < ROUNDS; round++)
      await inTurns(round, sides, async (side) => series.push(side.name, await connect(side)));
  } finally {
    for (const { sink, lab } of sides) {
      sink.kill("SIGKILL");
      lab.close();
    }
  }
  print(series);
}

function print(series: Series): void {
  console.log(`${heading()}; ${ROUNDS} rounds of ${CONNECTIONS.toLocaleString("en")} connections\n`);
  const [direct, few, many, other] = SIDES.map(({ name }) => name) as [string, string, string, string];
  const quartiles = (values: readonly number[]) => {
    const { q1, median, q3 } = summarise(values);
    return [number(median), `${number(q1)} – ${number(q3)}`];
  };
  printTable(
    ["through", "median connection, us", "quartiles of the rounds"],
    [direct, few, many, other].map((name) => [name, ...quartiles(series.of(name))]),
  );
  const ratio = (a: string, b: string) => [`${a} to ${b}`, ...quartiles(paired(series.of(a), series.of(b)))];
  console.log("");
  printTable(
    ["ratio in the same round", "median", "quartiles"],
    [ratio(many, few), ratio(many, direct), ratio(other, few)],
  );
}

await main();
