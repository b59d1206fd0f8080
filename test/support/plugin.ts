/** Running a built plugin in a namespace, as a runtime would. */
import { join } from "node:path";
import type { Json } from "./command.ts";
import { bridgeConf, type CallOptions, environment, netnsPath, type Verb } from "./conf.ts";

export interface Reply {
  /** The exit code; -1 when a signal or the timeout ended the plugin. */
  status: number;
  stdout: string;
  stderr: string;
  /** stdout parsed; undefined when it is empty or no JSON. */
  json: Json;
}

export interface Started {
  /** The plugin's own pid. */
  readonly pid: number;
  kill(signal?: NodeJS.Signals): void;
  readonly reply: Promise<Reply>;
}

/** Where plugins run: the host's namespace, what they lease from, and where their executables are. */
export interface Site {
  host: string;
  store: string;
  bin: string;
  /** Plugins started and not ended yet. */
  running: Set<Bun.Subprocess>;
}

/** See `Lab.call`. */
export function call(site: Site, plugin: string, verb: Verb, options: CallOptions = {}): Reply {
  const { cmd, stdin, ...rest } = invocation(site, plugin, verb, options);
  const child = Bun.spawnSync(cmd, { stdin, ...rest });
  return reply(child.exitCode, child.stdout.toString(), child.stderr.toString());
}

/** See `Lab.start`. */
export function start(site: Site, plugin: string, verb: Verb, options: CallOptions = {}): Started {
  const { cmd, ...rest } = invocation(site, plugin, verb, options);
  const child = Bun.spawn(cmd, { stdout: "pipe", stderr: "pipe", ...rest });
  site.running.add(child);
  const ended = async (): Promise<Reply> => {
    const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    site.running.delete(child);
    return reply(child.exitCode, stdout, stderr);
  };
  return { pid: child.pid, kill: (signal = "SIGKILL") => child.kill(signal), reply: ended() };
}

/** Like `call`, of the configuration's own plugin. */
export function succeed(site: Site, verb: Verb, options: CallOptions): Reply {
  const conf = options.conf ?? bridgeConf(site.store);
  const { type } = typeof conf === "string" ? JSON.parse(conf) : conf;
  const answer = call(site, type, verb, options);
  if (answer.status !== 0) throw new Error(`${verb}: exit ${answer.status}: ${answer.stdout}${answer.stderr}`);
  return answer;
}

/** How to run a plugin: nsenter becomes it (execve), so that the pid is the plugin's own. */
function invocation(site: Site, plugin: string, verb: Verb, options: CallOptions) {
  const { conf = bridgeConf(site.store), bin = site.bin, timeout = 30_000 } = options;
  return {
    cmd: ["/usr/bin/nsenter", `--net=${netnsPath(site.host)}`, join(bin, plugin)],
    stdin: Buffer.from(typeof conf === "string" ? conf : JSON.stringify(conf)),
    env: environment(verb, bin, options),
    timeout,
    killSignal: "SIGKILL" as const,
  };
}

function reply(status: number | null, stdout: string, stderr: string): Reply {
  return { status: status ?? -1, stdout, stderr, json: parse(stdout) };
}

function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
