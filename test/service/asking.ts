/** The net in which what rows.ts says is asked of this machine's kernel. */
import type { Lab } from "../support/lab.ts";
import { can, type Need, namespaces, nftables } from "../support/needs.ts";
import { askEach, serveSctp } from "../support/service/ask.ts";
import { flowsOf, forgetAll } from "../support/service/flows.ts";
import { type Member, openNet } from "../support/service/net.ts";
import { complaints, type Question, questionsOf } from "./judge.ts";
import type { Asked } from "./rows.ts";

export const NEEDS: readonly Need[] = [
  namespaces,
  nftables,
  can("root and conntrack (Debian package conntrack)", "conntrack", "-L"),
  can("root and raw sockets in python3", "python3", "-c", "import socket; socket.socket(2, socket.SOCK_RAW, 132)"),
];

const PATIENCE_MS = 5000;
const SILENCE_MS = 300;

export interface Net {
  readonly lab: Lab;
  readonly members: readonly Member[];
  readonly outside: Member;
}

/** Three containers that answer, and a machine beyond the host; and what ends the servers that `endServers` does not. */
export async function openAsking(lab: Lab): Promise<[net: Net, end: () => void]> {
  const { members, outside } = await openNet(lab, 3);
  const ends: (() => void)[] = [];
  for (const [i, { ns }] of members.entries()) ends.push(await serveSctp(ns, `m${i}`, 9090));
  // All are told that a port is unreachable, not one in a second.
  for (const key of ["net.ipv4.icmp_ratelimit", "net.ipv6.icmp.ratelimit"])
    lab.sh(lab.host, "sysctl", "-qw", `${key}=0`);
  const end = () => {
    for (const one of ends) one();
  };
  return [{ lab, members, outside }, end];
}

/** Asks all that a row's line says, and tells what is otherwise, a line each. */
export async function wrongOf({ lab, members, outside }: Net, asked: Asked): Promise<string[]> {
  forgetAll(lab);
  const questions = questionsOf(asked);
  const probes = questions.flatMap(({ protocol, address, port, times }) =>
    Array.from({ length: times }, () => [protocol, address, port] as const),
  );
  const ns = { m0: members[0]?.ns ?? "", host: lab.host, outside: outside.ns }[asked.from];
  const answers = await askEach(ns, probes, asked.by === "nothing" ? SILENCE_MS : PATIENCE_MS);
  const flows = [...flowsOf(lab, 4), ...flowsOf(lab, 6)];
  const said = (question: Question) => answers.splice(0, question.times);
  return questions.flatMap((one) => complaints(asked, one, said(one), flows, members));
}
