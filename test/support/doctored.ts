/**
 * A node for `berth doctor`: a laboratory with an uplink, a directory of configurations, one of plugins and libcni's cache.
 * A fault is seeded by hand; what doctor says is read as JSON, and its mends are run as they stand, by a shell.
 */
import { expect } from "bun:test";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "../../src/tool/finding.ts";
import type { Json, Output } from "./command.ts";
import { netnsPath } from "./conf.ts";
import { type Lab, openLab } from "./lab.ts";

export interface List {
  cniVersion: string;
  name: string;
  plugins: Json[];
}

/** A container of the node. */
export interface Attached {
  readonly id: string;
  readonly ns: string;
  readonly netns: string;
  readonly address: string;
  /** The host's end. */
  readonly veth: string;
  readonly cache: string;
}

/** What `berth doctor -o json` prints. */
export interface Diagnosis {
  readonly status: number;
  readonly findings: readonly Finding[];
  readonly unseen: readonly string[];
}

const PLUGINS = ["bridge", "host-local", "portmap", "firewall", "tuning", "ptp", "bandwidth"];

export class DoctoredNode {
  readonly lab: Lab;
  readonly conf: string;
  readonly bin: string;
  readonly cache: string;
  /** The executable under test. */
  readonly berth: string;

  constructor() {
    this.lab = openLab();
    this.conf = join(this.lab.dir, "net.d");
    this.bin = join(this.lab.dir, "bin");
    this.cache = join(this.lab.dir, "cni");
    this.berth = join(this.lab.bin, "berth");
    for (const directory of [this.conf, this.bin, join(this.cache, "results")])
      mkdirSync(directory, { recursive: true });
    for (const plugin of PLUGINS) this.install(plugin);
    const world = this.lab.container();
    this.sh(`ip link add eth0 type veth peer name up0 netns ${world}
      ip addr add 198.51.100.2/24 dev eth0; ip link set eth0 up; ip route add default via 198.51.100.1
      sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0`);
    this.lab.sh(world, "ip", "addr", "add", "198.51.100.1/24", "dev", "up0");
    this.lab.sh(world, "ip", "link", "set", "up0", "up");
  }

  /** A copy of the plugin into the directory of the node's plugins. */
  install(plugin: string): void {
    const path = join(this.bin, plugin);
    rmSync(path, { force: true });
    copyFileSync(join(this.lab.bin, "berth"), path);
    chmodSync(path, 0o755);
  }

  /** Runs a script in the host's namespace. Throws with what it says when a line of it fails. */
  sh(script: string): string {
    const { status, stdout, stderr } = this.attempt(script);
    if (status !== 0) throw new Error(`${script}: ${stderr || stdout}`);
    return stdout;
  }

  attempt(script: string): Output {
    return this.lab.attempt(this.lab.host, "sh", "-ec", script);
  }

  /** A list as nerdctl has it, with the laboratory's dataDir. */
  list(over: { name?: string; bridge?: Json; ipam?: Json; subnet?: string; chained?: Json[] } = {}): List {
    const { name = "net0", bridge = {}, ipam = {}, subnet = "10.4.0.0/24" } = over;
    const chained = over.chained ?? [
      { type: "portmap", capabilities: { portMappings: true } },
      { type: "firewall", ingressPolicy: "same-bridge" },
      { type: "tuning" },
    ];
    const main = {
      type: "bridge",
      bridge: "ndc0",
      isGateway: true,
      ipMasq: true,
      hairpinMode: true,
      ipam: {
        type: "host-local",
        dataDir: this.lab.store,
        routes: [{ dst: "0.0.0.0/0" }],
        ranges: [[{ subnet }]],
        ...ipam,
      },
      ...bridge,
    };
    return { cniVersion: "1.0.0", name, plugins: [main, ...chained] };
  }

  /** Writes a file of the configuration directory: its path. */
  write(file: string, content: object | string): string {
    const path = join(this.conf, file);
    writeFileSync(path, typeof content === "string" ? content : `${JSON.stringify(content, null, 2)}\n`);
    return path;
  }

  read(file: string): string {
    return readFileSync(join(this.conf, file), "utf8");
  }

  /** Attaches a container as libcni does, and remembers it as that. `capabilityArgs` as of libcni. */
  attach(list: List, id: string, capabilityArgs: Record<string, Json> = {}): Attached {
    const ns = this.lab.container();
    let result: Json;
    for (const plugin of list.plugins) {
      const conf = this.confOf(list, plugin, capabilityArgs, result);
      const reply = this.lab.call(plugin.type, "ADD", { conf, id, ns, bin: this.bin });
      if (reply.status !== 0) throw new Error(`ADD of ${plugin.type}: ${reply.stdout}`);
      result = reply.json;
    }
    const cache = join(this.cache, "results", `${list.name}-${id}-eth0`);
    const config = Buffer.from(JSON.stringify(list)).toString("base64");
    const netns = netnsPath(ns);
    const entry = { kind: "cniCacheV1", containerId: id, config, ifName: "eth0", networkName: list.name, netns };
    writeFileSync(cache, JSON.stringify({ ...entry, capabilityArgs, result }));
    const veth = result.interfaces.find((one: Json) => !one.sandbox && one.name.startsWith("veth")).name;
    return { id, ns, netns, address: result.ips[0].address.replace(/\/.*/, ""), veth, cache };
  }

  /** Takes it off again. */
  detach(list: List, { id, ns, cache }: Attached, capabilityArgs: Record<string, Json> = {}): void {
    const prevResult = existsSync(cache) ? JSON.parse(readFileSync(cache, "utf8")).result : undefined;
    for (const plugin of list.plugins.toReversed()) {
      this.lab.call(plugin.type, "DEL", {
        conf: this.confOf(list, plugin, capabilityArgs, prevResult),
        id,
        ns,
        bin: this.bin,
      });
    }
    rmSync(cache, { force: true });
  }

  private confOf({ name, cniVersion }: List, plugin: Json, args: Record<string, Json>, prevResult: Json) {
    const wanted = Object.entries(args).filter(([key]) => plugin.capabilities?.[key]);
    const runtimeConfig = wanted.length === 0 ? {} : { runtimeConfig: Object.fromEntries(wanted) };
    return { ...plugin, name, cniVersion, ...runtimeConfig, ...(prevResult && { prevResult }) };
  }

  /** The words of a call of doctor. */
  words(...more: string[]): string[] {
    return [this.berth, "doctor", "--conf", this.conf, "--path", this.bin, "--cache-dir", this.cache, ...more];
  }

  doctor(...more: string[]): Diagnosis {
    const output = this.lab.attempt(this.lab.host, ...this.words("-o", "json", ...more));
    return diagnosisOf(output);
  }

  close(): void {
    this.lab.close();
  }
}

export function diagnosisOf({ status, stdout, stderr }: Output): Diagnosis {
  if (stdout === "") throw new Error(`doctor printed nothing: ${stderr}`);
  const { groups, unseen } = JSON.parse(stdout);
  return { status, unseen, findings: groups.flatMap(({ findings }: { findings: Finding[] }) => findings) };
}

/** The mends of all findings as one script. */
export const scriptOf = ({ findings }: Diagnosis): string => findings.flatMap(({ mend }) => mend).join("\n");

/** Seeds a fault; doctor is to name it, and to find nothing after its mends. Gives what it said. */
export function cures(node: DoctoredNode, seed: string | (() => void), what: RegExp): Diagnosis {
  if (typeof seed === "string") node.sh(seed);
  else seed();
  const said = node.doctor();
  const named = said.findings.find((finding) => what.test(finding.what));
  expect(named, `of ${JSON.stringify(said, null, 1)}`).toBeDefined();
  for (const { evidence, consequence, mend } of said.findings) {
    expect([evidence, consequence, mend.join("")].filter((text) => text === "")).toEqual([]);
  }
  expect(said.status).toBe(said.findings.some(({ severity }) => severity === "error") ? 1 : 0);
  node.sh(scriptOf(said));
  expect(node.doctor()).toEqual({ status: 0, findings: [], unseen: [] });
  return said;
}
