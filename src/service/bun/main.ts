/** berthd: carries traffic to services. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { Explained } from "../../base/explained.ts";
import { type Prefix, parsePrefix } from "../../base/ip.ts";
import { type Config, defaultConfig, readConfig } from "../config.ts";
import { Metrics } from "../operate/metrics.ts";
import { NftSink } from "../sinks/nft/sink.ts";
import { FilesSource } from "../sources/files.ts";
import { Store } from "../store/store.ts";
import { serveControl } from "./control-socket.ts";
import { directoryAt } from "./directory.ts";
import { startThread } from "./thread.ts";

const USAGE = `usage: berthd run [--config FILE] [--once | --dry-run]
       berthd cleanup [--config FILE]

run        keeps the rules of services as the sources say, until it is stopped; they stay then
  --once     makes them so once, and ends
  --dry-run  prints the nft commands for that, and changes nothing
cleanup    removes them
`;

interface Words {
  readonly command: "run" | "cleanup";
  readonly config: string | undefined;
  readonly mode: "stay" | "once" | "dry-run";
}

/** Undefined for words that are no command. */
function wordsOf(args: readonly string[]): Words | undefined {
  const [command, ...rest] = args;
  if (command !== "run" && command !== "cleanup") return undefined;
  let config: string | undefined;
  let mode: Words["mode"] = "stay";
  for (let i = 0; i < rest.length; i++) {
    const word = rest[i];
    if (word === "--config" && rest[i + 1] !== undefined) config = rest[++i];
    else if (command === "run" && mode === "stay" && word === "--once") mode = "once";
    else if (command === "run" && mode === "stay" && word === "--dry-run") mode = "dry-run";
    else return undefined;
  }
  return { command, config, mode };
}

function log(level: "info" | "warn" | "error", message: string, fields: object = {}): void {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...fields })}\n`);
}

class Daemon {
  readonly config: Config;
  readonly metrics = new Metrics();
  readonly store: Store;
  readonly source: FilesSource;
  readonly sink: NftSink;

  constructor(config: Config) {
    this.config = config;
    const { node = hostname(), zone, files, masqueradeAll } = config;
    const containers = config.containers.map((text) => parsePrefix(text) as Prefix);
    this.source = new FilesSource(directoryAt(files), () => Bun.sleep(0));
    this.store = new Store({ node, zone }, [this.source.name]);
    const thread = startThread({ containers, masqueradeAll });
    this.sink = new NftSink(thread, { metrics: this.metrics, now: () => Date.now(), wait: (ms) => Bun.sleep(ms), log });
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

  close(): void {
    this.source.close();
    this.sink.close();
  }
}

async function run({ mode }: Words, config: Config): Promise<void> {
  const daemon = new Daemon(config);
  if (mode === "stay") await stay(daemon);
  else await once(daemon, mode);
}

async function once(daemon: Daemon, mode: "once" | "dry-run"): Promise<void> {
  await daemon.source.start(daemon.store);
  const problems = [...daemon.store.problems.values()].flat();
  if (problems.length > 0) throw new Explained(problems.join("\n"), "nothing was changed: mend that first");
  if (mode === "dry-run") process.stdout.write(await daemon.sink.rehearse(daemon.store));
  else await daemon.sink.start(daemon.store);
  const { failures } = daemon.metrics;
  daemon.close();
  process.exit(failures > 0 ? 1 : 0);
}

async function stay(daemon: Daemon): Promise<void> {
  const { config, store, sink, source } = daemon;
  const end = await serveControl(config.socket, daemon);
  const stop = () => {
    end();
    daemon.close();
    log("info", "stopped; the rules stay");
    process.exit(0);
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
  process.once("SIGHUP", () => void source.relist());
  await source.start(store);
  daemon.watchTrouble();
  await sink.start(store);
  // What was read of files is not needed again.
  Bun.gc(true);
  log("info", "the rules are as the sources say", { services: [...store.keys()].length, revision: store.revision });
}

async function main(): Promise<void> {
  const words = wordsOf(process.argv.slice(2));
  if (!words) {
    process.stderr.write(USAGE);
    process.exit(2);
  }
  const config = words.config === undefined ? defaultConfig() : readConfig(read(words.config), words.config);
  if (words.command === "run") return run(words, config);
  const daemon = new Daemon(config);
  await daemon.sink.cleanup();
  daemon.close();
}

function read(path: string): string {
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
