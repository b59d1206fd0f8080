/** A network of one bridge with masquerading and an uplink, and a container in it, as libcni remembers it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PLUGINS } from "../../src/programs.ts";
import { command, type Outcome, type World } from "../../src/tool/main.ts";
import { type Conf, netnsPath } from "../support/conf.ts";
import type { Lab } from "../support/lab.ts";

/** The uplink's address on the host; its gateway answers in a namespace of its own. */
export const UPLINK = "203.0.113.2";
const GATEWAY = "203.0.113.1";

/** Gives the host an uplink, `up0`, with a default route over it: the namespace of the gateway. */
export function addUplink(lab: Lab): string {
  const far = lab.container();
  lab.sh(lab.host, "ip", "link", "add", "up0", "type", "veth", "peer", "name", "eth0", "netns", far);
  lab.sh(lab.host, "ip", "addr", "add", `${UPLINK}/24`, "dev", "up0");
  lab.sh(lab.host, "ip", "link", "set", "up0", "up");
  lab.sh(far, "ip", "addr", "add", `${GATEWAY}/24`, "dev", "eth0");
  lab.sh(far, "ip", "link", "set", "eth0", "up");
  lab.sh(lab.host, "ip", "route", "add", "default", "via", GATEWAY);
  return far;
}

export interface Member {
  readonly id: string;
  readonly ns: string;
  readonly ifname?: string;
  readonly conf?: Conf;
  readonly args?: readonly (readonly [string, string])[];
  readonly ports?: readonly object[];
}

/** Adds a container, and keeps its result as libcni does, in `lab.dir`. */
export function addMember(
  lab: Lab,
  { id, ns, conf = lab.conf({ ipMasq: true }), ifname = "eth0", args, ports }: Member,
) {
  const result = lab.add({ conf, id, ns, ifname });
  const cache = join(lab.dir, "results");
  mkdirSync(cache, { recursive: true });
  const config = JSON.stringify({ cniVersion: conf.cniVersion, name: conf.name, plugins: [conf] });
  const entry = {
    kind: "cniCacheV1",
    containerId: id,
    config: Buffer.from(config).toString("base64"),
    ifName: ifname,
    networkName: conf.name,
    netns: netnsPath(ns),
    ...(args && { cniArgs: args }),
    ...(ports && { capabilityArgs: { portMappings: ports } }),
    result,
  };
  writeFileSync(join(cache, `${conf.name}-${id}-${ifname}`), JSON.stringify(entry));
  return result;
}

/** `berth explain ARGS` on the lab's host, of the lab's cache, in this process. */
export function explain(lab: Lab, ...args: string[]): Outcome {
  const places = ["--cache-dir", lab.dir, "--conf-dir", join(lab.dir, "net.d")];
  return lab.within(lab.host, () => command(["explain", ...args, ...places], worldOf(lab)));
}

/** Nobody's terminal, and the lab's plugins. */
const worldOf = (lab: Lab): World => ({
  called: "berth",
  about: { version: "0", build: "", plugins: PLUGINS },
  env: new Map([
    ["CNI_PATH", lab.bin],
    // Without a runtime to ask.
    ["PATH", lab.dir],
  ]),
  stream: () => ({ isTerminal: false, columns: 80 }),
  stdin: () => "",
  progress: () => {},
});
