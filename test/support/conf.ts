/** Network configurations and environments as a runtime would hand them to a plugin. */

export type Verb = "ADD" | "DEL" | "CHECK" | "GC" | "STATUS" | "VERSION";

export interface Conf {
  cniVersion: string;
  name: string;
  type: string;
  [key: string]: unknown;
}

const SUBNET = "10.77.0.0/24";

/**
 * A `bridge` network "labnet" on "lab0" with a gateway and host-local addresses of 10.77.0.0/24, its leases in
 * `dataDir`; `over` replaces keys of the top level, and an undefined value removes one. An `ipam` of type host-local
 * is given the `dataDir` unless it names one.
 */
export function bridgeConf(dataDir: string, over: Record<string, unknown> = {}): Conf {
  const ipam = over.ipam ?? {
    type: "host-local",
    ranges: [[{ subnet: SUBNET }]],
    routes: [{ dst: "0.0.0.0/0" }],
  };
  const conf = {
    cniVersion: "1.0.0",
    name: "labnet",
    type: "bridge",
    bridge: "lab0",
    isGateway: true,
    ...over,
    ipam: isHostLocal(ipam) ? { dataDir, ...ipam } : ipam,
  };
  return Object.fromEntries(Object.entries(conf).filter(([, value]) => value !== undefined)) as Conf;
}

function isHostLocal(ipam: unknown): ipam is { type: "host-local" } {
  return (ipam as { type?: unknown } | null)?.type === "host-local";
}

export interface CallOptions {
  /** An object is written as JSON; a text goes to stdin as it is. Absent: the lab's `conf()`. */
  conf?: Conf | string;
  /** CNI_CONTAINERID, "cid-1" when absent. */
  id?: string;
  /** CNI_NETNS: a namespace of the lab by its name, or a path; absent: not set. */
  ns?: string;
  /** CNI_IFNAME, "eth0" when absent. */
  ifname?: string;
  /** CNI_ARGS. */
  args?: string;
  /** CNI_PATH, the plugin's own directory when absent. */
  path?: string;
  /** Replaces or adds variables; undefined removes one. */
  env?: Record<string, string | undefined>;
  /** The directory of the executable, the lab's when absent. */
  bin?: string;
  /** Milliseconds until the plugin is killed, 30,000 when absent. */
  timeout?: number;
}

/** The whole environment of a call: PATH and the CNI variables, nothing of the test's own. */
export function environment(verb: Verb, bin: string, options: CallOptions): Record<string, string> {
  const { id = "cid-1", ns, ifname = "eth0", args, path = bin, env = {} } = options;
  const all: Record<string, string | undefined> = {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    CNI_COMMAND: verb,
    CNI_CONTAINERID: id,
    CNI_IFNAME: ifname,
    CNI_PATH: path,
    CNI_NETNS: ns === undefined || ns === "" || ns.startsWith("/") ? ns : netnsPath(ns),
    CNI_ARGS: args,
    ...env,
  };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Where `ip netns` keeps the namespace called `name`. */
export function netnsPath(name: string): string {
  return `/run/netns/${name}`;
}
