/**
 * A node with containers behind it and a machine beyond it: each container is joined to the host by a veth pair of its own, and
 * answers on the ports it is told to with its name and whom it sees.
 */

import type { Client } from "../../../src/netlink/client.ts";
import { readDocument } from "../../../src/service/schema/read.ts";
import { lineOf } from "../../../src/service/sinks/nft/port-text.ts";
import type { WriterOptions } from "../../../src/service/sinks/nft/protocol.ts";
import { both } from "../../../src/service/sinks/nft/protocol.ts";
import { Writer } from "../../../src/service/sinks/nft/writer.ts";
import { Store } from "../../../src/service/store/store.ts";
import type { Lab } from "../lab.ts";
import { nftClient } from "../nft.ts";
import { probe, serve } from "../port-net.ts";
import type { Probe } from "../port-probe.ts";

export interface Member {
  readonly ns: string;
  readonly v4: string;
  readonly v6: string;
}

export const NODE = "n1";

/** The machine's addresses towards the one beyond it, and that one's. */
export const HOST = { v4: "192.0.2.1", v6: "fd02::1" } as const;
export const OUTSIDE = { v4: "192.0.2.2", v6: "fd02::2" } as const;

const PORTS = { tcp: [8080, 8081], udp: [5353] };

/** The host with `count` containers that answer, and the machine beyond it, the last. */
export async function openNet(lab: Lab, count: number): Promise<{ members: Member[]; outside: Member }> {
  noDad(lab, lab.host);
  for (const key of ["net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"])
    lab.sh(lab.host, "sysctl", "-qw", `${key}=1`);
  const members = Array.from({ length: count }, (_, i) =>
    joined(lab, `m${i}`, `10.1.${i}`, i === 0 ? "fd01::" : `fd01:${i}::`),
  );
  const ns = lab.container();
  const outside = { ...join(lab, ns, "out", HOST, OUTSIDE), ns };
  // Without one the host can send nothing to addresses that are nobody's.
  lab.sh(lab.host, "ip", "route", "add", "default", "via", OUTSIDE.v4);
  lab.sh(lab.host, "ip", "route", "add", "default", "via", OUTSIDE.v6);
  await Promise.all(members.map(({ ns }, i) => serve(lab, ns, `m${i}`, PORTS.tcp, PORTS.udp)));
  return { members, outside };
}

function joined(lab: Lab, name: string, v4: string, v6: string): Member {
  const ns = lab.container();
  return { ns, ...join(lab, ns, name, { v4: `${v4}.1`, v6: `${v6}1` }, { v4: `${v4}.2`, v6: `${v6}2` }) };
}

/** Addresses can be used at once, those of the link too, which neighbours are asked from. */
function noDad(lab: Lab, ns: string): void {
  for (const scope of ["all", "default"]) lab.sh(ns, "sysctl", "-qw", `net.ipv6.conf.${scope}.accept_dad=0`);
}

type Addresses = Omit<Member, "ns">;

function join(lab: Lab, ns: string, name: string, host: Addresses, own: Addresses): Addresses {
  noDad(lab, ns);
  lab.sh(lab.host, "ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", ns);
  const commands = [
    [lab.host, `addr add ${host.v4}/24 dev ${name}`],
    [lab.host, `addr add ${host.v6}/64 dev ${name} nodad`],
    [lab.host, `link set ${name} up`],
    [ns, `addr add ${own.v4}/24 dev eth0`],
    [ns, `addr add ${own.v6}/64 dev eth0 nodad`],
    [ns, "link set lo up"],
    [ns, "link set eth0 up"],
    [ns, `route add default via ${host.v4}`],
    [ns, `route add default via ${host.v6}`],
  ] as const;
  for (const [where, words] of commands) lab.sh(where, "ip", ...words.split(" "));
  return own;
}

/** A store with one source, and a writer of it on the host. */
export class Agent {
  readonly store: Store;
  readonly client: Client;
  readonly writer: Writer;

  constructor(lab: Lab, options: Partial<WriterOptions> = {}, { zone = "" } = {}) {
    this.store = new Store({ node: NODE, zone }, ["test"]);
    this.client = nftClient(lab);
    this.writer = new Writer(this.client, { containers: [], serviceCIDRs: [], masqueradeAll: false, ...options });
  }

  /** Lists these objects and nothing else, and makes the kernel so, as a fresh agent does. */
  begin(...objects: unknown[]) {
    this.list(...objects);
    this.writer.begin();
    const part = this.writer.part(this.#lines(this.store.keys()));
    return both(part, this.writer.finish());
  }

  /** The same as a change. */
  become(...objects: unknown[]) {
    const changed = new Set<string>();
    const end = this.store.subscribe(({ services }) => {
      for (const key of services.keys()) changed.add(key);
    });
    this.list(...objects);
    end();
    return this.writer.change(this.#lines(changed));
  }

  #lines(keys: Iterable<string>): string[] {
    return [...keys].map((key) => lineOf(key, this.store.portsOf(key)));
  }

  list(...objects: unknown[]): void {
    const { records, problems } = readDocument({ kind: "List", items: objects }, "test");
    if (problems.length > 0) throw new Error(problems.join("\n"));
    this.store.replace("test", records);
  }
}

/** How long an answer is waited for that must come, on a machine that is busy; and one that must not. */
const PATIENCE_MS = 5000;
const SILENCE_MS = 500;

/** The answers to the same question, `times` over. */
export function ask(ns: string, times: number, ...probes: Probe[]): Promise<string[]> {
  return probe(ns, Array.from({ length: times }, () => probes).flat(), PATIENCE_MS);
}

/** Who answered, without whom they saw: sorted, each once. */
export function names(answers: readonly string[]): string[] {
  return [...new Set(answers.map((answer) => answer.split(" ")[0] ?? ""))].sort();
}

/** Whom they saw. */
export function seen(answers: readonly string[]): string[] {
  return [...new Set(answers.map((answer) => answer.split(" ")[1] ?? answer))].sort();
}

/** The answers to questions that must have none. */
export function askInVain(ns: string, ...probes: Probe[]): Promise<string[]> {
  return probe(ns, probes, SILENCE_MS);
}
