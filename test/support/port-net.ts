/**
 * A laboratory for mapped ports: the host with two bridges, containers that answer with whom they see, and a machine beyond the
 * host. What is asked is what people ask: connections, from everywhere to everywhere.
 */
import { join } from "node:path";
import type { Json } from "./command.ts";
import { inLab, type Lab } from "./lab.ts";
import type { Probe } from "./port-probe.ts";

/** The attachment of a container to a bridge: what portmap is given. */
export interface Attached {
  readonly ns: string;
  readonly id: string;
  readonly network: string;
  /** The result of the bridge plugin. */
  readonly prevResult: Json;
  /** Its addresses. */
  readonly v4: string;
  readonly v6: string;
}

const servers = new Map<Lab, Bun.Subprocess[]>();

/** Attaches a container to the bridge labN, of 10.7N.0.0/24 and fd7N::/64, by the plugins of the laboratory. */
export function attach(lab: Lab, id: string, bridge: 7 | 8 = 7): Attached {
  const ns = lab.container();
  const prevResult = lab.add({ ns, id, conf: bridgeConf(lab, bridge) });
  lab.sh(ns, "ip", "link", "set", "lo", "up");
  const [v4, v6] = prevResult.ips.map(({ address }: { address: string }) => address.replace(/\/.*/, ""));
  return { ns, id, network: networkOf(bridge), prevResult, v4, v6 };
}

const networkOf = (bridge: 7 | 8) => `labnet${bridge}`;

export function bridgeConf(lab: Lab, bridge: 7 | 8 = 7) {
  return lab.conf({
    name: networkOf(bridge),
    bridge: `lab${bridge}`,
    ipMasq: true,
    hairpinMode: true,
    ipam: {
      type: "host-local",
      ranges: [[{ subnet: `10.7${bridge}.0.0/24` }], [{ subnet: `fd7${bridge}::/64` }]],
      routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
    },
  });
}

export interface Mapping {
  hostPort: number;
  containerPort: number;
  protocol: string;
  hostIP?: string;
}

/** The configuration of portmap for an attachment. */
export function portmapConf({ network, prevResult }: Attached, portMappings: readonly Mapping[], over: object = {}) {
  const runtimeConfig = { portMappings };
  return { cniVersion: "1.0.0", name: network, type: "portmap", runtimeConfig, prevResult, ...over };
}

/** Starts a server in a namespace; it ends with the laboratory's process list, at `endServers`. */
export async function serve(lab: Lab, ns: string, name: string, tcp: number[], udp: number[]): Promise<void> {
  const file = join(import.meta.dir, "port-server.ts");
  const words = ["ip", "netns", "exec", ns, process.execPath, file, name, tcp.join(), udp.join()];
  const child = Bun.spawn(words, { stdout: "pipe", stderr: "inherit", env: ENV });
  child.unref();
  servers.set(lab, [...(servers.get(lab) ?? []), child]);
  for await (const _ of child.stdout) break;
}

const ENV = { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "/root" };

/** A test's body that is given a laboratory; the servers in it end with it. */
export function inPortLab(body: (lab: Lab) => Promise<void>): () => Promise<void> {
  return inLab(async (lab) => {
    try {
      await body(lab);
    } finally {
      endServers(lab);
    }
  });
}

/** Ends what `serve` started. */
export function endServers(lab: Lab): void {
  for (const child of servers.get(lab) ?? []) child.kill("SIGKILL");
  servers.delete(lab);
}

/** What each probe answers, from a namespace. */
export async function probe(ns: string, probes: readonly Probe[], patience = 300): Promise<string[]> {
  const file = join(import.meta.dir, "port-probe.ts");
  const words = ["ip", "netns", "exec", ns, process.execPath, file, JSON.stringify(probes), `${patience}`];
  const child = Bun.spawn(words, { stdout: "pipe", stderr: "inherit", env: ENV });
  return JSON.parse(await new Response(child.stdout).text());
}
