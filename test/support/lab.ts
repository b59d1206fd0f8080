/**
 * A laboratory: a network namespace that plays the host, in which plugins run, further ones that play containers, and
 * a directory for leases. Nothing outside of them is touched, and `close` removes them all.
 *
 *     needsRoot("ADD gives an address", inLab((lab) => {
 *       const ns = lab.container();
 *       const result = lab.add({ ns });
 *       expect(lab.addrs(ns)).toEqual([result.ips[0].address]);
 *     }));
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as sys from "../../src/sys/bun/sys.ts";
import { attempt, ipj, type Json, nftj, type Output, sh } from "./command.ts";
import { bridgeConf, type CallOptions, type Conf, netnsPath, type Verb } from "./conf.ts";
import { addrs, leases, rulesNaming } from "./look.ts";
import { BIN } from "./needs.ts";
import { call, type Reply, type Site, type Started, start, succeed } from "./plugin.ts";

export interface Lab {
  /** The name of the host's namespace. */
  readonly host: string;
  /** A temporary directory, also for the test's own files. */
  readonly dir: string;
  /** The dataDir of `conf()`: leases are in `store`/NETWORK. */
  readonly store: string;
  /** The directory of the executables. */
  readonly bin: string;
  /** Makes a container's namespace: its name. */
  container(): string;
  /** Runs `cmd` in the namespace `ns`: its stdout. Throws with its stderr when it fails. */
  sh(ns: string, ...cmd: string[]): string;
  /** The same, giving the exit status instead of throwing. */
  attempt(ns: string, ...cmd: string[]): Output;
  /** Runs `fn` (synchronous) with the test itself in the namespace `ns`: to drive code in-process. */
  within<T>(ns: string, fn: () => T): T;
  /** `ip -j ARGS` in the namespace `ns`. */
  ipj(ns: string, ...args: string[]): Json[];
  /** The ruleset of the namespace `ns`, as `nft -j list ruleset` gives it, without the meta information. */
  nftj(ns: string): Json[];
  /** See `bridgeConf`. */
  conf(over?: Record<string, unknown>): Conf;
  /** Runs a built plugin in the host's namespace with an exact environment. */
  call(plugin: string, verb: Verb, options?: CallOptions): Reply;
  /** The same without waiting, to be killed or run side by side; resolves when it ended. */
  start(plugin: string, verb: Verb, options?: CallOptions): Started;
  /** ADD of the configuration's own plugin: its result. Throws when it fails. */
  add(options: CallOptions): Json;
  /** DEL of the configuration's own plugin. Throws when it fails. */
  del(options: CallOptions): void;
  /** Lease files of a network: address → content. "lock" and the like are left out. */
  leases(network?: string): Record<string, string>;
  /** Names of the links attached to a bridge of the host. */
  ports(bridge?: string): string[];
  /** Addresses of global scope on a link, "10.77.0.2/24". */
  addrs(ns: string, ifname?: string, family?: "inet" | "inet6"): string[];
  /** Lines of the host's rulesets (nft and iptables) that contain one of `words`, as whole words. */
  rulesNaming(...words: string[]): string[];
  close(): void;
  [Symbol.dispose](): void;
}

const open = new Set<Place>();
process.on("exit", () => {
  for (const place of open) vacate(place);
});

interface Place extends Site {
  tag: string;
  containers: string[];
  dir: string;
}

/** Opens a laboratory; `bin` is the directory of the plugins, dist/bin when absent. */
export function openLab({ bin = BIN }: { bin?: string } = {}): Lab {
  const tag = crypto.randomUUID().slice(0, 6);
  const dir = mkdtempSync(join(tmpdir(), "berth-lab-"));
  const place = {
    tag,
    host: `h${tag}`,
    containers: [],
    dir,
    store: join(dir, "store"),
    bin,
    running: new Set<never>(),
  };
  open.add(place);
  try {
    sh(undefined, "ip", "netns", "add", place.host);
    sh(place.host, "ip", "link", "set", "lo", "up");
  } catch (e) {
    vacate(place);
    throw e;
  }
  return labIn(place);
}

function vacate(place: Place): void {
  open.delete(place);
  for (const child of place.running) child.kill("SIGKILL");
  for (const ns of [...place.containers, place.host]) attempt(undefined, "ip", "netns", "del", ns);
  rmSync(place.dir, { recursive: true, force: true });
}

function labIn(place: Place): Lab {
  const { host, dir, store, bin } = place;
  return {
    host,
    dir,
    store,
    bin,
    container: () => addContainer(place),
    sh,
    attempt,
    within,
    ipj,
    nftj,
    conf: (over) => bridgeConf(store, over),
    call: (plugin, verb, options) => call(place, plugin, verb, options),
    start: (plugin, verb, options) => start(place, plugin, verb, options),
    add: (options) => succeed(place, "ADD", options).json,
    del: (options) => void succeed(place, "DEL", options),
    leases: (network = "labnet") => leases(join(store, network)),
    ports: (bridge = "lab0") => ipj(host, "link", "show", "master", bridge).map((link) => link.ifname),
    addrs,
    rulesNaming: (...words) => rulesNaming(host, words),
    close: () => vacate(place),
    [Symbol.dispose]: () => vacate(place),
  };
}

/** A test's body that is given a fresh laboratory, closed after it. */
export function inLab(body: (lab: Lab) => void | Promise<void>): () => Promise<void> {
  return async () => {
    using lab = openLab();
    await body(lab);
  };
}

function addContainer({ tag, containers }: Place): string {
  const name = `c${tag}${containers.length}`;
  sh(undefined, "ip", "netns", "add", name);
  containers.push(name);
  return name;
}

function within<T>(ns: string, fn: () => T): T {
  const fd = sys.open(netnsPath(ns), 0);
  try {
    return sys.inNetns(fd, fn);
  } finally {
    sys.close(fd);
  }
}
