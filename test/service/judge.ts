/** What is asked for a row of rows.ts, and whether what came is what it says. */
import type { Flow } from "../support/service/flows.ts";
import { type Member, NODE, names, OUTSIDE, seen } from "../support/service/net.ts";
import { dualSlices } from "../support/service/slices.ts";
import { type Asked, PORTS, type Row, VACANT } from "./rows.ts";

type Addresses = Pick<Member, "v4" | "v6">;

/** One port in one family, and how often it is asked: so often that none of the endpoints is left out but once in a million times. */
export interface Question {
  readonly family: 4 | 6;
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly address: string;
  readonly port: number;
  readonly times: number;
}

/** What a service's port, or its node port, stands for. */
const PORT = new Map(PORTS.flatMap((one) => [one.port, 30_000 + one.port].map((port) => [port, one] as const)));

const PROTOCOLS = new Map(
  [...PORT, ...VACANT.map((one) => [one.port, one] as const)].map(([port, { protocol }]) => [port, protocol]),
);

export function questionsOf({ to, by, ports }: Asked): Question[] {
  const times = typeof by === "string" ? 1 : by.length > 1 ? 14 * by.length : 2;
  return ([4, 6] as const).flatMap((family) =>
    ports.map((port) => {
      const protocol = (PROTOCOLS.get(port) ?? "TCP").toLowerCase() as Question["protocol"];
      return { family, protocol, address: to[family], port, times };
    }),
  );
}

/** The slices of a row's endpoints. */
export function slicesOf({ endpoints }: Row, members: readonly Addresses[]) {
  const there = endpoints.flatMap((parts, i) =>
    parts ? [{ member: { ns: "", ...members[i] } as Member, parts, i }] : [],
  );
  const ports = PORTS.map(({ name, target, protocol }) => ({ name, port: target, protocol }));
  return dualSlices(
    "web",
    there.map(({ member }) => member),
    ports,
    (place) => ({ ...there[place]?.parts, nodeName: there[place]?.i === 0 ? NODE : "n2" }),
  );
}

/** What is not as it should be, a line each; `flows` are those of the host, `answers` those to the question. */
export function complaints(
  asked: Asked,
  question: Question,
  answers: readonly string[],
  flows: readonly Flow[],
  members: readonly Addresses[],
): string[] {
  const { from, by } = asked;
  const { family, protocol, address, port } = question;
  const wrong = [
    ...differs("answered by", typeof by === "string" ? [by] : by, names(answers)),
    ...(typeof by === "string" ? [] : wronglySeen(asked, family, seen(answers), members)),
    ...wrongFlows(question, typeof by === "string" ? [] : answers, flows, members),
  ];
  return wrong.map((line) => `${protocol} from ${from} to ${address} ${port}: ${line}`);
}

function differs(what: string, wanted: readonly string[], came: readonly string[]): string[] {
  return wanted.join() === came.join() ? [] : [`${what} ${came.join()}, not ${wanted.join()}`];
}

const addressIn = (family: 4 | 6, member: Addresses | undefined) => member?.[family === 4 ? "v4" : "v6"] ?? "";

const NODES = /^192\.0\.2\.1$|^fd02::1$|^10\.1\.\d\.1$|^fd01:\d?:?:1$/;

function wronglySeen({ from, sees }: Asked, family: 4 | 6, all: readonly string[], members: readonly Addresses[]) {
  const client = addressIn(family, from === "m0" ? members[0] : OUTSIDE);
  if (sees === "client") return differs("they see", [client], all);
  if (sees === "node") return all.filter((one) => !NODES.test(one)).map((one) => `they see ${one}, not the node`);
  return [];
}

/** Conntrack must have what those who answered have said, and nothing that was led to an endpoint besides. */
function wrongFlows(
  { family, protocol, address, port }: Question,
  answers: readonly string[],
  flows: readonly Flow[],
  members: readonly Addresses[],
): string[] {
  const own = members.map((member) => addressIn(family, member));
  const led = flows.filter(
    (flow) => flow.to === address && flow.toPort === port && flow.protocol === protocol && own.includes(flow.from),
  );
  const said = answers.map((answer) => {
    const [name = "", back] = answer.split(" ");
    return `${own[Number(name.slice(1))]} ${PORT.get(port)?.target} to ${back}`;
  });
  return differs(
    "conntrack has",
    said.sort(),
    led.map((flow) => `${flow.from} ${flow.fromPort} to ${flow.back}`).sort(),
  );
}
