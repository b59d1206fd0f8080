/** Every feature of a service in both families: who answers whom, and what conntrack says of it. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { type Prefix, parsePrefix } from "../../src/base/ip.ts";
import type { WriterOptions } from "../../src/service/sinks/nft/writer.ts";
import { type Lab, openLab } from "../support/lab.ts";
import { can, isMet, namespaces, needs, nftables } from "../support/needs.ts";
import { endServers } from "../support/port-net.ts";
import { askEach, serveSctp } from "../support/service/ask.ts";
import { flowsOf, forgetAll } from "../support/service/flows.ts";
import { Agent, type Member, NODE, names, OUTSIDE, openNet, seen } from "../support/service/net.ts";
import { dualSlices } from "../support/service/slices.ts";
import { type Asked, PORTS, ROWS, type Row } from "./rows.ts";

const NEEDS = [
  namespaces,
  nftables,
  can("root and conntrack (Debian package conntrack)", "conntrack", "-L"),
  can("root and raw sockets in python3", "python3", "-c", "import socket; socket.socket(2, socket.SOCK_RAW, 132)"),
];

/** So often is asked that with three endpoints none is left out but once in 10,000 times. */
const TIMES = 26;
const PATIENCE_MS = 5000;
const SILENCE_MS = 300;

const CONTAINERS = ["10.1.0.0/16", "fd01::/32"].map((text) => parsePrefix(text) as Prefix);
const OPTIONS: Record<NonNullable<Row["options"]>, Partial<WriterOptions>> = {
  containers: { containers: CONTAINERS },
  masqueradeAll: { masqueradeAll: true },
};

let lab: Lab;
let members: Member[] = [];
let outside: Member;
const ends: (() => void)[] = [];

beforeAll(async () => {
  if (!NEEDS.every(isMet)) return;
  lab = openLab();
  ({ members, outside } = await openNet(lab, 3));
  for (const [i, { ns }] of members.entries()) ends.push(await serveSctp(ns, `m${i}`, 9090));
  // All are told that a port is unreachable, not one in a second.
  for (const key of ["net.ipv4.icmp_ratelimit", "net.ipv6.icmp.ratelimit"])
    lab.sh(lab.host, "sysctl", "-qw", `${key}=0`);
});

afterAll(() => {
  for (const end of ends) end();
  if (lab) endServers(lab);
  lab?.close();
});

/** What a service's port, or its node port, stands for. */
const PORT = new Map(PORTS.flatMap((one) => [one.port, 30_000 + one.port].map((port) => [port, one] as const)));

const addressIn = (family: 4 | 6, member: Pick<Member, "v4" | "v6"> | undefined) =>
  member?.[family === 4 ? "v4" : "v6"] ?? "";

/** The slices of a row's endpoints. */
function slicesOf({ endpoints }: Row) {
  const there = endpoints.flatMap((parts, i) => (parts ? [{ member: members[i] as Member, parts, i }] : []));
  const ports = PORTS.map(({ name, target, protocol }) => ({ name, port: target, protocol }));
  return dualSlices(
    "web",
    there.map(({ member }) => member),
    ports,
    (place) => ({ ...there[place]?.parts, nodeName: there[place]?.i === 0 ? NODE : "n2" }),
  );
}

const NODES = /^192\.0\.2\.1$|^fd02::1$|^10\.1\.\d\.1$|^fd01:\d?:?:1$/;

function checkSeen({ from, sees }: Asked, family: 4 | 6, seen: readonly string[]): void {
  const client = addressIn(family, from === "m0" ? members[0] : OUTSIDE);
  if (sees === "client") expect(seen).toEqual([client]);
  if (sees === "node") expect(seen.filter((address) => !NODES.test(address))).toEqual([]);
}

/** What conntrack has of what was asked for at one port, which must be what those who answered have said. */
function checkFlows(asked: Asked, family: 4 | 6, port: number, answers: readonly string[]): void {
  const { protocol = "", target = 0 } = PORT.get(port) ?? {};
  const flows = flowsOf(lab, family).filter(
    (flow) => flow.to === asked.to[family] && flow.toPort === port && flow.protocol === protocol.toLowerCase(),
  );
  if (typeof asked.by === "string") {
    const own = members.map((member) => addressIn(family, member));
    expect(flows.filter(({ from }) => own.includes(from))).toEqual([]);
    return;
  }
  const said = answers.map((answer) => {
    const [name = "", seen] = answer.split(" ");
    return `${addressIn(family, members[Number(name.slice(1))])} ${target} to ${seen}`;
  });
  expect(flows.map(({ from, fromPort, back }) => `${from} ${fromPort} to ${back}`).sort()).toEqual(said.sort());
}

async function check(asked: Asked): Promise<void> {
  forgetAll(lab);
  const { from, to, by, ports } = asked;
  const times = typeof by === "string" ? 1 : by.length > 1 ? TIMES : 2;
  const kinds = ([4, 6] as const).flatMap((family) => ports.map((port) => ({ family, port })));
  const probes = kinds.flatMap(({ family, port }) =>
    Array.from({ length: times }, () => [PORT.get(port)?.protocol.toLowerCase() ?? "", to[family], port] as const),
  );
  const ns = { m0: members[0]?.ns ?? "", host: lab.host, outside: outside.ns }[from];
  const answers = await askEach(ns, probes, by === "nothing" ? SILENCE_MS : PATIENCE_MS);
  for (const [i, { family, port }] of kinds.entries()) {
    const said = answers.slice(i * times, (i + 1) * times);
    const who = `IPv${family}, from ${from} to ${to[family]} ${port}`;
    expect([who, names(said)]).toEqual([who, typeof by === "string" ? [by] : [...by]]);
    if (typeof by !== "string") checkSeen(asked, family, seen(said));
    checkFlows(asked, family, port, said);
  }
}

describe("a service", () => {
  for (const row of ROWS) {
    needs(...NEEDS)(row.feature, async () => {
      const agent = new Agent(lab, row.options && OPTIONS[row.options], { zone: "z1" });
      agent.begin(row.service, ...slicesOf(row));
      for (const asked of row.asked) await check(asked);
      // What nft of Debian 12 cannot say ends it by a signal.
      lab.sh(lab.host, "nft", "list", "ruleset");
    });
  }
});
