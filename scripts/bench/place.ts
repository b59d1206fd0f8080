/** A host's network namespace in which the plugins of one directory attach containers, and all that belongs to it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt, sh } from "../../test/support/command.ts";
import { type Conf, environment, netnsPath, type Verb } from "../../test/support/conf.ts";
import type { Driver, Request, Timing } from "./driver.ts";

export interface Place {
  readonly host: string;
  /** Namespaces of containers; `attach` takes them in turns. */
  readonly containers: string[];
  /** Where host-local keeps the leases of the network. */
  readonly leases: string;
  readonly conf: Conf;
  readonly dir: string;
  /** What a call of `verb` for the attachment number `n` is. */
  request(verb: Verb, n: number, conf?: object): Request;
  call(verb: Verb, n: number, conf?: object): Promise<Timing>;
  /** ADD and DEL of a number that nobody has. */
  cycle(): Promise<{ add: Timing; del: Timing }>;
  /** A number that nobody has. */
  next(): number;
  /**
   * Attaches one container more, in a namespace of its own that is not among `containers`: the namespace. It has lived for
   * long, that is, it asks for no router any more: one that has just started repeats that for minutes, to all ports.
   */
  hold(): Promise<string>;
  close(): Promise<void>;
}

export interface PlaceOptions {
  readonly driver: Driver;
  /** Directory of the plugins. */
  readonly bin: string;
  /** Namespaces of containers to make. */
  readonly containers: number;
  /** Keys of the network's configuration; those of its `ipam` go beside the place's. */
  readonly over?: object;
}

const NETWORK = "benchnet";
let made = 0;

const open = new Set<string>();
process.on("exit", () => {
  for (const ns of open) attempt(undefined, "ip", "netns", "del", ns);
});

/** Opens a place where one attachment is made and removed again, so that the bridge exists. */
export async function openPlace({ driver, bin, containers, over = {} }: PlaceOptions): Promise<Place> {
  const tag = `b${process.pid}-${made++}`;
  const dir = mkdtempSync(join(tmpdir(), "berth-bench-"));
  const host = await namespace(driver, tag);
  sh(host, "ip", "link", "set", "lo", "up");
  const names: string[] = [];
  for (let i = 0; i < containers; i++) names.push(await namespace(driver, `${tag}-${i}`));
  const place = placeAt({ driver, bin, dir, host, containers: names, over });
  await place.cycle();
  return place;
}

async function namespace(driver: Driver, name: string): Promise<string> {
  await driver.netns(name);
  open.add(name);
  return name;
}

interface Site extends Required<Omit<PlaceOptions, "containers">> {
  readonly dir: string;
  readonly host: string;
  readonly containers: string[];
}

function placeAt(site: Site): Place {
  const { driver, dir, host, containers } = site;
  const conf = confOf(site);
  const held: string[] = [];
  const request = requests(site, conf);
  const call = (verb: Verb, n: number, over?: object) => driver.run(host, request(verb, n, over));
  let last = 0;
  const next = () => ++last;
  return {
    host,
    containers,
    dir,
    conf,
    leases: join(dir, "store", NETWORK),
    request,
    call,
    next,
    cycle: async () => {
      const n = next();
      return { add: await call("ADD", n), del: await call("DEL", n) };
    },
    hold: async () => {
      const ns = await namespace(driver, `${host}-h${held.length}`);
      held.push(ns);
      sh(ns, "sysctl", "-qw", "net.ipv6.conf.default.accept_ra=0");
      const asked = request("ADD", next());
      await driver.run(host, { ...asked, env: { ...asked.env, CNI_NETNS: netnsPath(ns) } });
      return ns;
    },
    close: async () => {
      for (const ns of [...held, ...containers, host]) {
        await driver.forget(ns);
        open.delete(ns);
      }
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The address of the network's gateway is 10.88.0.1, on the bridge "lab0". */
function confOf({ dir, over }: Site): Conf {
  const ranges = [[{ subnet: "10.88.0.0/16" }]];
  return {
    cniVersion: "1.0.0",
    name: NETWORK,
    type: "bridge",
    bridge: "lab0",
    isGateway: true,
    berth: { indexDir: join(dir, "index") },
    ...over,
    ipam: {
      type: "host-local",
      ranges,
      routes: [{ dst: "0.0.0.0/0" }],
      ...("ipam" in over && typeof over.ipam === "object" && over.ipam),
      dataDir: join(dir, "store"),
    },
  };
}

function requests({ bin, containers }: Site, conf: Conf): Place["request"] {
  return (verb, n, over = {}) => {
    const ns = containers[n % containers.length];
    if (ns === undefined) throw new Error("the place has no container");
    const id = n.toString(16).padStart(64, "0");
    return {
      file: join(bin, conf.type),
      stdin: JSON.stringify({ ...conf, ...over }),
      env: environment(verb, bin, { id, ns: netnsPath(ns) }),
    };
  };
}

/** The same work for each of `entries`, every time beginning with another, so that none is always the first. */
export async function inTurns<T>(
  round: number,
  entries: readonly T[],
  work: (entry: T) => Promise<void>,
): Promise<void> {
  const first = round % entries.length;
  for (const entry of [...entries.slice(first), ...entries.slice(0, first)]) await work(entry);
}
