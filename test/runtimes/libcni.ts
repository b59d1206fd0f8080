/** The released libcni, which every runtime has in it: the rows of docs/runtimes.md about each network list that is shipped. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ConfList } from "../../scripts/try/conflist.ts";
import { type Output, sh } from "../support/command.ts";
import { isMet, type Need, REFERENCE, reference } from "../support/needs.ts";
import { type Flow, type Row, type Runtime, rowOf, type Tell } from "./flow.ts";
import { type Machine, PREFIXES } from "./machine.ts";
import { SHIPPED, shipped } from "./networks.ts";
import { alike } from "./normal.ts";
import { BUILT } from "./programs.ts";

const SOURCES = join(import.meta.dir, "libcni");

export const LIBCNI = `libcni ${/containernetworking\/cni (v\S+)/.exec(readFileSync(join(SOURCES, "go.mod"), "utf8"))?.[1]}`;

/** The driver of these sources. */
function driverPath(): string {
  const hash = new Bun.CryptoHasher("sha256");
  for (const name of readdirSync(SOURCES).sort()) hash.update(readFileSync(join(SOURCES, name)));
  return join(BUILT, `libcni-${hash.digest("hex").slice(0, 12)}`);
}

/** That the driver is there, or can be built. */
export const libcni: Need = {
  what: "go (to build test/runtimes/libcni)",
  met: () => existsSync(driverPath()) || build(driverPath()),
};

function build(path: string): boolean {
  if (Bun.which("go") === null) return false;
  mkdirSync(join(path, ".."), { recursive: true });
  const fresh = `${path}.${process.pid}`;
  sh(undefined, "env", "CGO_ENABLED=0", "go", "-C", SOURCES, "build", "-trimpath", "-o", fresh, ".");
  renameSync(fresh, path);
  return true;
}

/** Port mappings and the like, for those plugins that take them; `i` counts containers. */
const capabilities = (i: number) => ({
  portMappings: [{ hostPort: 18080 + i, containerPort: 8080, protocol: "tcp" }],
  bandwidth: { ingressRate: 80000000, ingressBurst: 8000000, egressRate: 80000000, egressBurst: 8000000 },
  ips: [`192.0.2.${201 + i}/24`],
  mac: `c2:b0:57:49:47:f${i}`,
});

const GIVEN = JSON.stringify(capabilities(0));

/** A caller on a machine, of the only list there or of another version of it. */
class Caller {
  readonly containers: readonly string[];
  readonly #machine: Machine;
  readonly #file: string;

  constructor(machine: Machine, version: string, containers: readonly string[]) {
    this.#machine = machine;
    this.#file = join(machine.dir, `${version}.conflist`);
    writeFileSync(this.#file, JSON.stringify({ ...machine.list, cniVersion: version }));
    // A device can be in one container.
    const single = machine.list.plugins.some(({ type }) => type === "host-device");
    this.containers = single ? containers.slice(0, 1) : containers;
    for (const name of this.containers) machine.run("ip", "netns", "add", name);
  }

  commandLine(verb: string, ...args: string[]): string[] {
    return [driverPath(), "/opt/cni/bin", "/var/lib/cni", this.#file, verb, ...args];
  }

  call(verb: string, ...args: string[]): Output {
    return this.#machine.run(...this.commandLine(verb, ...args));
  }

  /** A verb on a container's attachment. */
  attachment(verb: string, container: string, netns = `/run/netns/${container}`): Output {
    const given = JSON.stringify(capabilities(this.containers.indexOf(container)));
    return this.call(verb, container, netns, "eth0", given);
  }

  end(container: string): void {
    this.#machine.run("ip", "netns", "del", container);
  }
}

/** Tells how a call went and what it answered: whether it went well. */
function told(tell: Tell, step: string, { status, stdout, stderr }: Output): boolean {
  tell(step, status === 0 ? "ok" : (stderr || stdout).trim(), alike(stdout));
  return status === 0;
}

/** The list as it is shipped: two containers, of which the second's namespace is gone before its DEL. */
function asShipped(machine: Machine, tell: Tell, ...names: string[]): boolean {
  const { cniVersion = "0.1.0" } = machine.list;
  const caller = new Caller(machine, cniVersion, names);
  const [one = "", two] = caller.containers;
  const added = caller.containers.every((name) => told(tell, `ADD ${name}`, caller.attachment("add", name)));
  if (added && cniVersion >= "0.4.0")
    for (const name of caller.containers) told(tell, `CHECK ${name}`, caller.attachment("check", name));
  for (const step of [`DEL ${one}`, `DEL ${one} again`]) told(tell, step, caller.attachment("del", one));
  if (two !== undefined) {
    caller.end(two);
    for (const step of [`DEL ${two} without its namespace`, "the same again"])
      told(tell, step, caller.attachment("del", two, ""));
  }
  caller.end(one);
  return added;
}

/** The same list as one of CNI 1.1. */
function withGarbage(machine: Machine, tell: Tell, ...names: string[]): void {
  const caller = new Caller(machine, "1.1.0", names);
  told(tell, "1.1: STATUS", caller.call("status"));
  for (const name of caller.containers) told(tell, `1.1: ADD ${name}`, caller.attachment("add", name));
  const [kept = ""] = caller.containers;
  told(tell, `1.1: GC that keeps ${kept}`, caller.call("gc", `${kept}/eth0`));
  told(tell, `1.1: CHECK ${kept}`, caller.attachment("check", kept));
  told(tell, "1.1: GC that keeps none", caller.call("gc"));
  for (const name of caller.containers) told(tell, `1.1: DEL ${name}`, caller.attachment("del", name));
  for (const name of caller.containers) caller.end(name);
}

/** An ADD ends with its runtime, who is never heard of again; GC of CNI 1.1 is told that nobody is there. */
const COLLECTED: Flow<Machine> = {
  id: "killed-gc",
  flow: "as 1.1.0: killed in ADD, when all plugins are done, and the plugin, too; GC that keeps none; ADD, CHECK, DEL",
  hold: ["portmap", "after"],
  run: async (machine, tell, hold) => {
    const caller = new Caller(machine, "1.1.0", ["one", "two"]);
    hold.arm();
    const running = machine.daemon("libcni", ...caller.commandLine("add", "one", "/run/netns/one", "eth0", GIVEN));
    await hold.reached();
    running.kill();
    hold.kill();
    told(tell, "GC that keeps none", caller.call("gc"));
    for (const verb of ["add", "check", "del"]) told(tell, `${verb} two`, caller.attachment(verb, "two"));
    for (const name of caller.containers) caller.end(name);
  },
};

/** What lists take as given: a second link, and chains of others. */
function furnish({ lab, far, list }: Machine): void {
  const text = JSON.stringify(list);
  for (const name of ["eth0", "ens4"].filter((one) => text.includes(`"${one}"`))) {
    lab.sh(lab.host, "ip", "link", "add", name, "type", "veth", "peer", "name", `far-${name}`, "netns", far.ns);
    lab.sh(lab.host, "ip", "link", "set", name, "up");
  }
  for (const [chain, table] of [
    ["KUBE-MARK-MASQ", "nat"],
    ["NOMAD-ADMIN", "filter"],
  ] as const)
    for (const command of text.includes(`"${chain}"`) ? ["iptables", "ip6tables"] : [])
      lab.sh(lab.host, command, "--table", table, "--new", chain);
}

/** Whether the list needs nothing but the reference's plugins; dhcp would need its daemon. */
function isOfReference({ plugins }: ConfList): boolean {
  const types = plugins.flatMap(({ type, ipam }) => [type, ipam?.type ?? type]);
  return types.every((type) => type !== "dhcp" && existsSync(join(REFERENCE, type.replace(PREFIXES, ""))));
}

const DRIVEN: Runtime<Machine> = {
  id: "libcni",
  runtime: LIBCNI,
  needs: [libcni],
  open: async (machine) => {
    furnish(machine);
    return machine;
  },
  warm: async (machine) => {
    const caller = new Caller(machine, "1.0.0", ["warm"]);
    for (const verb of ["add", "del"]) caller.attachment(verb, "warm");
    caller.end("warm");
  },
};

const BOTH: Flow<Machine> = {
  id: "verbs",
  flow: "as shipped: ADD, CHECK, DEL, again, and without the namespace; as 1.1.0: STATUS, ADD, GC, CHECK, GC, DEL",
  run: async (machine, tell) => {
    if (asShipped(machine, tell, "one", "two")) withGarbage(machine, tell, "three", "four");
  },
};

export const LISTS: readonly Row[] = isMet(reference)
  ? [
      ...SHIPPED.filter((name) => isOfReference(shipped(name))).map((list) => rowOf(DRIVEN, list, BOTH)),
      rowOf(DRIVEN, "01-containerd-cri", COLLECTED),
    ]
  : [];
