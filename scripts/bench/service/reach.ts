/**
 * npm run bench:reach [-- CONTAINERS]: from the end of a container's ADD to the first answer through its service's address. Each
 * container listens before it is attached, so that nothing of an application's start is in it. As root, after npm run build; all in
 * network namespaces of its own. Prints a table in Markdown.
 */
import { join } from "node:path";
import { type Lab, openLab } from "../../../test/support/lab.ts";
import { Berthd } from "../../../test/support/service/berthd.ts";
import { serviceObject } from "../../../test/support/service/objects.ts";
import { heading, printTable } from "./heading.ts";

/** Containers that are there before, so that the first ones are not special. */
const BEFORE = 5;
const PORT = 8080;
/** Between two containers: what the one before has set off is done. */
const REST_MS = 20;

const addressOf = (i: number) => `10.96.${i >> 8}.${i & 255}`;
const nameOf = (i: number) => `s${i}`;

function confOf(lab: Lab, { records }: Berthd, i: number) {
  return lab.conf({
    isDefaultGateway: true,
    ipam: { type: "host-local", ranges: [[{ subnet: "10.77.0.0/16" }]] },
    berth: {
      indexDir: join(lab.dir, "index"),
      register: { dir: records, service: nameOf(i), ports: [{ name: "http", port: PORT }] },
    },
  });
}

/** Answers each connection in the namespace `ns`, from this process. */
function listen(lab: Lab, ns: string) {
  const socket = { open: (one: Bun.Socket) => void one.end("."), data() {} };
  return lab.within(ns, () => Bun.listen({ hostname: "0.0.0.0", port: PORT, socket }));
}

/** Milliseconds until the service answers on the host, again and again from now on. */
async function untilAnswer(lab: Lab, address: string): Promise<{ ms: number; tries: number }> {
  const start = performance.now();
  for (let tries = 1; ; tries++) {
    if (await answers(lab, address)) return { ms: performance.now() - start, tries };
    if (performance.now() - start > 10_000) throw new Error(`${address} does not answer`);
  }
}

function answers(lab: Lab, hostname: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = {
    data: () => resolve(true),
    error: () => resolve(false),
    connectError: () => resolve(false),
    close: () => resolve(false),
  };
  lab.within(lab.host, () => void Bun.connect({ hostname, port: 80, socket }).catch(() => resolve(false)));
  return promise;
}

const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b);
const at = (values: readonly number[], share: number) =>
  (sorted(values)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0).toFixed(2);

/** Mean of a histogram of berthd's, in milliseconds. */
function meanOf(metrics: string, name: string, before = ""): number {
  const value = (text: string, of: string) => Number(new RegExp(`^${name}_${of} (\\S+)$`, "m").exec(text)?.[1] ?? 0);
  const of = (what: string) => value(metrics, what) - value(before, what);
  return (of("sum") / of("count")) * 1000;
}

async function measure(lab: Lab, count: number): Promise<string[]> {
  const site = new Berthd(lab);
  const services = Array.from({ length: count + BEFORE }, (_, i) =>
    serviceObject(nameOf(i), { clusterIP: addressOf(i), clusterIPs: [addressOf(i)] }),
  );
  site.write("services.json", ...services);
  const berthd = await site.begin();
  const times: number[] = [];
  const adds: number[] = [];
  let before = "";
  try {
    for (let i = 0; i < count + BEFORE; i++) {
      const ns = lab.container();
      const server = listen(lab, ns);
      if (i === BEFORE) before = (await site.get("/metrics")).text;
      const start = performance.now();
      const reply = lab.call("bridge", "ADD", { ns, id: nameOf(i), conf: confOf(lab, site, i) });
      const added = performance.now() - start;
      if (reply.status !== 0) throw new Error(reply.stdout);
      if (i === 0) lab.sh(lab.host, "ip", "route", "add", "10.96.0.0/16", "dev", "lab0");
      const { ms } = await untilAnswer(lab, addressOf(i));
      if (i >= BEFORE) {
        times.push(ms);
        adds.push(added);
      }
      server.stop(true);
      await Bun.sleep(REST_MS);
    }
    const metrics = (await site.get("/metrics")).text;
    const kernel = meanOf(metrics, "kubeproxy_sync_proxy_rules_duration_seconds", before);
    const all = meanOf(metrics, "kubeproxy_network_programming_duration_seconds", before);
    const delays = [0.5, 0.9, 0.99, 1].map((part) => `${at(times, part)} ms`);
    return [`${count}`, ...delays, `${all.toFixed(2)} ms`, `${kernel.toFixed(2)} ms`, `${at(adds, 0.5)} ms`];
  } finally {
    berthd.kill("SIGTERM");
    await berthd.exited;
  }
}

console.log(`${heading()}\n`);
using lab = openLab();
printTable(
  [
    "containers",
    "p50",
    "p90",
    "p99",
    "most",
    "record to committed, mean",
    "commit, mean",
    "ADD as the runtime sees it, p50",
  ],
  [await measure(lab, Number(process.argv[2] ?? 200))],
);
