/** Every feature of a service in both families: who answers whom, and what conntrack says of it. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { configSchema } from "../../src/service/config.ts";
import { type Lab, openLab } from "../support/lab.ts";
import { can, isMet, namespaces, needs, nftables } from "../support/needs.ts";
import { endServers } from "../support/port-net.ts";
import { askEach, serveSctp } from "../support/service/ask.ts";
import { flowsOf, forgetAll } from "../support/service/flows.ts";
import { Agent, type Member, openNet } from "../support/service/net.ts";
import { complaints, type Question, questionsOf, slicesOf } from "./judge.ts";
import { type Asked, OPTIONS, ROWS } from "./rows.ts";

const NEEDS = [
  namespaces,
  nftables,
  can("root and conntrack (Debian package conntrack)", "conntrack", "-L"),
  can("root and raw sockets in python3", "python3", "-c", "import socket; socket.socket(2, socket.SOCK_RAW, 132)"),
];

const PATIENCE_MS = 5000;
const SILENCE_MS = 300;

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

async function check(asked: Asked): Promise<void> {
  forgetAll(lab);
  const questions = questionsOf(asked);
  const probes = questions.flatMap(({ protocol, address, port, times }) =>
    Array.from({ length: times }, () => [protocol, address, port] as const),
  );
  const ns = { m0: members[0]?.ns ?? "", host: lab.host, outside: outside.ns }[asked.from];
  const answers = await askEach(ns, probes, asked.by === "nothing" ? SILENCE_MS : PATIENCE_MS);
  const flows = [...flowsOf(lab, 4), ...flowsOf(lab, 6)];
  const said = (question: Question) => answers.splice(0, question.times);
  expect(questions.flatMap((one) => complaints(asked, one, said(one), flows, members))).toEqual([]);
}

describe("a service", () => {
  for (const row of ROWS) {
    needs(...NEEDS)(row.feature, async () => {
      const agent = new Agent(lab, configSchema.parse(row.options ? OPTIONS[row.options] : {}), { zone: "z1" });
      agent.begin(row.service, ...slicesOf(row, members));
      for (const asked of row.asked) await check(asked);
      // What nft of Debian 12 cannot say ends it by a signal.
      lab.sh(lab.host, "nft", "list", "ruleset");
    });
  }
});
