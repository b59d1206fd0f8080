/** berthd: carries traffic to services. */
import { mkdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { version } from "../../../package.json";
import { Explained } from "../../base/explained.ts";
import { type Config, defaultConfig, readConfig } from "../config.ts";
import type { Shelf } from "../operate/applied.ts";
import { metricsText } from "../operate/control.ts";
import { Health } from "../operate/health.ts";
import { Metrics } from "../operate/metrics.ts";
import type { Source } from "../seams.ts";
import { NftSink } from "../sinks/nft/sink.ts";
import { CniSource } from "../sources/cni.ts";
import { FilesSource } from "../sources/files.ts";
import { Prober } from "../sources/probes.ts";
import { Store } from "../store/store.ts";
import { serveControl } from "./control-socket.ts";
import { directoryAt, idOf, recordsAt } from "./directory.ts";
import { withoutThirdCompiler } from "./engine.ts";
import { type Answering, listenAt } from "./listen.ts";
import { probing } from "./probe.ts";
import { shelfAt } from "./shelf.ts";
import { surroundings } from "./surroundings.ts";
import { startThread } from "./thread.ts";
import { USAGE, type Words, wordsOf } from "./words.ts";

function log(level: "info" | "warn" | "error", message: string, fields: object = {}): void {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
}

class Daemon {
  readonly config: Config;
  readonly metrics = new Metrics();
  readonly store: Store;
  readonly files: FilesSource;
  readonly sources: readonly Source[];
  readonly sink: NftSink;
  readonly health: Health;
  readonly shelf: Shelf;
  readonly about = { version, pid: process.pid };
  readonly now = Date.now;
  readonly idOf = idOf;

  constructor(config: Config) {
    this.config = config;
    const { node = hostname(), zone, files, cni, containers, serviceCIDRs, masqueradeAll } = config;
    this.files = new FilesSource(directoryAt(files), () => Bun.sleep(0));
    const prober = new Prober(new Map(Object.entries(config.readinessProbes)), probing);
    this.sources = [this.files, new CniSource(recordsAt(cni), surroundings(), prober, node)];
    const names = this.sources.map(({ name }) => name);
    this.store = new Store({ node, zone }, names);
    const thread = startThread({ containers, serviceCIDRs, masqueradeAll });
    this.sink = new NftSink(thread, { metrics: this.metrics, now: () => Date.now(), wait: (ms) => Bun.sleep(ms), log });
    this.health = new Health(this.store, this.sink, this.metrics, this.now);
    this.shelf = shelfAt(files);
  }

  /** What the sources have trouble with, said once each. */
  watchTrouble(): void {
    let said = "";
    const say = () => {
      const lines = [...this.store.problems.values()].flat();
      const text = lines.join("\n");
      if (text !== said) for (const line of lines) log("warn", line);
      said = text;
    };
    say();
    setInterval(say, 200).unref();
  }

  /** Lists again, as at a gap, and looks what others have changed in the kernel. */
  async reload(): Promise<void> {
    log("info", "told to list the sources again");
    await Promise.all(this.sources.map((source) => source.relist()));
    await this.sink.repair();
  }

  /** Answers probes and Prometheus over TCP, where that is configured. Returns what ends that. */
  listen(): () => void {
    const { healthzBindAddress: healthz, metricsBindAddress: metrics } = this.config;
    const health: Answering = (path) => this.health.answer(path);
    const both: Answering = (path) => health(path) ?? (path === "/metrics" ? metricsText(this) : undefined);
    const isOne = healthz && metrics && healthz.hostname === metrics.hostname && healthz.port === metrics.port;
    const ends = [
      ...(healthz ? [listenAt(healthz, "healthzBindAddress", isOne ? both : health)] : []),
      // As kube-proxy's, it tells of health too.
      ...(metrics && !isOne ? [listenAt(metrics, "metricsBindAddress", both)] : []),
    ];
    return () => ends.forEach((end) => void end());
  }

  async startSources(): Promise<void> {
    await Promise.all(this.sources.map((source) => source.start(this.store)));
  }

  close(): void {
    for (const source of this.sources) source.close();
    this.sink.close();
  }
}

async function run({ mode }: Words, config: Config): Promise<void> {
  const daemon = new Daemon(config);
  if (mode === "stay") await stay(daemon);
  else await once(daemon, mode);
}

async function once(daemon: Daemon, mode: "once" | "dry-run"): Promise<void> {
  await daemon.startSources();
  const problems = [...daemon.store.problems.values()].flat();
  if (problems.length > 0) throw new Explained(problems.join("\n"), "nothing was changed: mend that first");
  if (mode === "dry-run") process.stdout.write(await daemon.sink.rehearse(daemon.store));
  else await daemon.sink.start(daemon.store);
  const { failures } = daemon.metrics;
  daemon.close();
  process.exit(failures > 0 ? 1 : 0);
}

async function stay(daemon: Daemon): Promise<void> {
  const { config, store, sink } = daemon;
  const ends = [daemon.listen(), await serveControl(config.socket, daemon)];
  const stop = () => {
    for (const end of ends) end();
    daemon.close();
    log("info", "stopped; the rules stay");
    process.exit(0);
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  process.on("SIGHUP", () => void daemon.reload());
  // It is there to be watched before the first container is.
  mkdirSync(config.cni, { recursive: true, mode: 0o755 });
  await daemon.startSources();
  daemon.watchTrouble();
  await sink.start(store);
  // What was read of files is not needed again.
  Bun.gc(true);
  log("info", "the rules are as the sources say", { services: [...store.keys()].length, revision: store.revision });
}

async function main(): Promise<void> {
  const words = heard(process.argv.slice(2));
  if (words.command === "help") return void process.stdout.write(USAGE);
  if (words.command === "version") return void process.stdout.write(`berthd ${version}\n`);
  if (words.command === "run") withoutThirdCompiler();
  const read = words.config === undefined ? defaultConfig() : readConfig(textOf(words.config), words.config);
  const config = words.node === undefined ? read : { ...read, node: words.node };
  if (words.command === "run") return run(words, config);
  const daemon = new Daemon(config);
  await daemon.sink.cleanup();
  daemon.close();
}

function heard(args: readonly string[]): Words {
  try {
    return wordsOf(args);
  } catch (error) {
    if (!(error instanceof Explained)) throw error;
    process.stderr.write(`berthd: ${error.message}: ${error.details}\n`);
    process.exit(2);
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Explained(
      `${path}: ${(error as Error).message}`,
      "--config names a JSON file; without it every key has its default",
      error,
    );
  }
}

try {
  await main();
} catch (error) {
  const details = error instanceof Explained ? `\n${error.details}` : "";
  process.stderr.write(`berthd: ${error instanceof Error ? error.message : error}${details}\n`);
  process.exit(1);
}
