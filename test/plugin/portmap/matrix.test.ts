/**
 * Who reaches what through mapped ports, and as whom he is seen there: from everywhere to everywhere, beside the reference's
 * iptables backend.
 */
import { expect } from "bun:test";
import { farHost, UPLINK } from "../../support/far-host.ts";
import { type Lab, openLab } from "../../support/lab.ts";
import { built, can, namespaces, needs, nftables, REFERENCE, reference } from "../../support/needs.ts";
import { type Attached, attach, endServers, type Mapping, portmapConf, probe, serve } from "../../support/port-net.ts";
import type { Probe } from "../../support/port-probe.ts";

const iptables = can("root and iptables", "iptables", "-t", "nat", "-S");
const need = needs(namespaces, built, nftables, reference, iptables);

const MAPPINGS: Mapping[] = [
  { hostPort: 8080, containerPort: 80, protocol: "tcp" },
  { hostPort: 8053, containerPort: 53, protocol: "udp" },
  { hostPort: 8081, containerPort: 80, protocol: "tcp", hostIP: UPLINK.second },
  { hostPort: 8081, containerPort: 80, protocol: "tcp", hostIP: UPLINK.v6 },
  { hostPort: 8082, containerPort: 80, protocol: "tcp", hostIP: "0.0.0.0" },
  { hostPort: 8083, containerPort: 80, protocol: "tcp", hostIP: "::" },
  { hostPort: 8084, containerPort: 80, protocol: "tcp", hostIP: "127.0.0.1" },
  { hostPort: 8085, containerPort: 80, protocol: "tcp", hostIP: "192.0.2.2" },
];

/** What is asked from each place. */
function probesOf(target: Attached, others: readonly string[]): Probe[] {
  const own = [UPLINK.v4, UPLINK.second, UPLINK.v6, "10.77.0.1", "fd77::1", "127.0.0.1"];
  const foreign = ["192.0.2.2", "2001:db8::2", ...others];
  const tcp = (ports: number[], addresses: readonly string[]) =>
    ports.flatMap((port) => addresses.map((address): Probe => ["tcp", address, port]));
  return [
    ...tcp([8080, 8081, 8082, 8083, 8084, 8085], own),
    ...tcp([8080, 8081, 8085], foreign),
    ...tcp([80, 8080], [target.v4, target.v6]),
    ...[...own, ...others].map((address): Probe => ["udp", address, 8053]),
  ];
}

interface Setting {
  readonly what: string;
  readonly over: object;
  /** Whether bridges show iptables and nftables what they forward. */
  readonly bridged?: false;
}

const SETTINGS: Setting[] = [
  { what: "as it is", over: {} },
  { what: "where bridges keep their packets to themselves", over: {}, bridged: false },
  { what: "without snat", over: { snat: false } },
  { what: "with masqAll", over: { masqAll: true } },
];

type Answers = Record<string, string>;

/** The answers to every probe from every place, in each setting. */
async function answersOf(lab: Lab, bin: string, over: object): Promise<Answers[]> {
  const outside = farHost(lab);
  const target = attach(lab, "target");
  const near = attach(lab, "near");
  const away = attach(lab, "away", 8);
  await Promise.all([
    serve(lab, target.ns, "target", [80], [53]),
    serve(lab, near.ns, "near", [8080], [8053]),
    serve(lab, away.ns, "away", [8080], [8053]),
    serve(lab, outside.ns, "far", [8080, 8085], []),
  ]);
  const places = { host: lab.host, outside: outside.ns, target: target.ns, near: near.ns, away: away.ns };
  const probes = probesOf(target, [near.v4, away.v6]);
  const answers: Answers[] = [];
  for (const setting of SETTINGS) {
    const call = {
      ns: target.ns,
      id: target.id,
      bin,
      conf: portmapConf(target, MAPPINGS, { ...over, ...setting.over }),
    };
    if (setting.bridged === false) lab.attempt(lab.host, "sysctl", "-w", ...CALLS);
    lab.add(call);
    answers.push(await ask(places, probes));
    lab.del(call);
  }
  endServers(lab);
  return answers;
}

const CALLS = ["iptables", "ip6tables"].map((name) => `net.bridge.bridge-nf-call-${name}=0`);

async function ask(places: Record<string, string>, probes: readonly Probe[]): Promise<Answers> {
  const rows = await Promise.all(
    Object.entries(places).map(async ([place, ns]) => {
      const answers = await probe(ns, probes, 500);
      return probes.map((one, i): [string, string] => [`${place}: ${one.join(" ")}`, answers[i] ?? ""]);
    }),
  );
  return Object.fromEntries(rows.flat());
}

let tables: Promise<[Answers[], Answers[]]> | undefined;

/** Ours and the reference's. */
function both(): Promise<[Answers[], Answers[]]> {
  const side = async (bin: string | undefined, over: object) => {
    using lab = openLab();
    return await answersOf(lab, bin ?? lab.bin, over);
  };
  tables ??= Promise.all([side(undefined, {}), side(REFERENCE, { backend: "iptables" })]);
  return tables;
}

need.each(SETTINGS.map(({ what }, i) => [what, i] as const))(
  "answers and sources are the reference's %s",
  async (_, i) => {
    const [ours, theirs] = await both();
    const reached = Object.values(ours[i] ?? {}).filter((answer) => answer.startsWith("target"));
    expect(reached.length).toBeGreaterThan(30);
    expect(ours[i]).toEqual(theirs[i] ?? {});
  },
);
