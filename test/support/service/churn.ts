/**
 * Endpoints that are replaced while clients connect: berthd on a host, endpoints on addresses of two containers, clients on a machine
 * beyond. Some endpoints stay; each replacement takes the oldest of the others out and puts one in that has rested. Shortly after an
 * endpoint is out of the kernel it takes no new connections, so whoever was still led there would be refused.
 */

import { monotonic } from "../../../src/sys/bun/clock.ts";
import type { Lab } from "../lab.ts";
import { Berthd, until } from "./berthd.ts";
import type { Held, Request } from "./churn-client.ts";
import { Lives, watchCommits } from "./monitor.ts";
import { type Member, openNet } from "./net.ts";
import { serviceObject, sliceObject } from "./objects.ts";
import { type Spread, spreadOf } from "./spread.ts";
import { type Talk, talkTo } from "./talk.ts";

export interface ChurnOptions {
  readonly replacements: number;
  readonly perSecond: number;
  /** Connections that are kept. */
  readonly held: number;
}

export interface Churned {
  readonly requests: number;
  /** Requests that were not answered, by what came instead. */
  readonly failed: ReadonlyMap<string, number>;
  /** Requests that an endpoint answered which was out before they were begun. */
  readonly stale: number;
  /** Connections that were kept to endpoints that stayed, and to such as went; and those of each that broke. */
  readonly held: Readonly<
    Record<"survivors" | "removed", { readonly count: number; readonly broken: readonly string[] }>
  >;
  /** Over the endpoints that stay, and all others together. */
  readonly spread: Spread;
  readonly seconds: number;
  readonly commits: number;
  /** Of each replacement, from before its file was written to when its commit was reported, in milliseconds. */
  readonly lags: readonly number[];
}

const VIP = "10.96.0.1";
const PORT = 9000;
const STAY = 10;
const GO = 10;
const REST = 80;
/** From when an endpoint is out to when it takes no more connections: those that were on their way are taken. */
const DRAIN_MS = 50;
const CLOSED_MS = 300;

type End = { readonly ns: string; readonly address: string };

export async function churn(lab: Lab, options: ChurnOptions): Promise<Churned> {
  const { members, outside } = await openNet(lab, 2);
  // A port is free again a second after its connection: of a minute's there are too few.
  lab.sh(outside.ns, "sysctl", "-qw", "net.ipv4.tcp_tw_reuse=1");
  const place = await Place.open(lab, members);
  const lives = new Lives("ip");
  let commits = 0;
  const endWatch = await watchCommits(lab, (commit) => {
    commits++;
    for (const gone of lives.take(commit)) place.isOut(gone.split(" ")[0] ?? "");
  });
  const berthd = new Berthd(lab);
  const write = () => berthd.write("web.json", serviceObject("web"), place.slice());
  write();
  const agent = berthd.start();
  const clients: Talk[] = [];
  const client = async (...args: string[]) => {
    const talk = talkTo(outside.ns, "churn-client.ts", ...args);
    clients.push(talk);
    // It has begun.
    await talk.next();
    return talk;
  };
  try {
    await until(() => berthd.isReady());
    const holding = await client("hold", VIP, "80", `${options.held}`);
    const loading = await client("load", VIP, "80");
    const seconds = await inTime(options, () => {
      place.replace();
      write();
    });
    await Bun.sleep(DRAIN_MS + CLOSED_MS);
    const requests: Request[] = await resultOf(loading);
    const held: Held[] = await resultOf(holding);
    return { ...judged(requests, lives, place), held: sorted(held, place.staying), seconds, commits, lags: place.lags };
  } finally {
    agent.kill("SIGKILL");
    endWatch();
    for (const talk of [...clients, place]) talk.kill();
  }
}

async function resultOf<T>(client: Talk): Promise<T> {
  client.say("end");
  return JSON.parse(await client.next());
}

/** Has `step` done so often, and so many times a second. How long that took, in seconds. */
async function inTime({ replacements, perSecond }: ChurnOptions, step: () => void): Promise<number> {
  const start = performance.now();
  for (let i = 1; i <= replacements; i++) {
    step();
    await Bun.sleep(Math.max(0, start + (i * 1000) / perSecond - performance.now()));
  }
  return (performance.now() - start) / 1000;
}

/** The endpoints: those that stay, those that are in for now, the oldest first, and those that rest. */
class Place {
  readonly staying: readonly End[];
  readonly #going: End[];
  readonly #resting: End[];
  readonly #leaving = new Map<string, number>();
  /** When each was about to be written into the file. */
  readonly #coming = new Map<string, number[]>();
  readonly lags: number[] = [];
  readonly #servers: ReadonlyMap<string, Talk>;
  readonly #ends: ReadonlyMap<string, End>;

  private constructor(ends: readonly End[], servers: ReadonlyMap<string, Talk>) {
    this.staying = ends.slice(0, STAY);
    this.#going = ends.slice(STAY, STAY + GO);
    this.#resting = ends.slice(STAY + GO);
    this.#ends = new Map(ends.map((end) => [end.address, end]));
    this.#servers = servers;
  }

  static async open(lab: Lab, members: readonly Member[]): Promise<Place> {
    const ends = Array.from({ length: STAY + GO + REST }, (_, i) => {
      const which = i % members.length;
      return { ns: members[which]?.ns ?? "", address: `10.1.${which}.${100 + i}` };
    });
    for (const { ns, address } of ends) lab.sh(ns, "ip", "addr", "add", `${address}/24`, "dev", "eth0");
    const servers = new Map(members.map(({ ns }) => [ns, talkTo(ns, "churn-server.ts")]));
    const place = new Place(ends, servers);
    for (const end of ends) {
      place.#tell("open", end);
      await servers.get(end.ns)?.next();
    }
    return place;
  }

  replace(): void {
    const [out, fresh] = [this.#going.shift(), this.#resting.shift()];
    if (!out || !fresh) throw new Error("berthd is so far behind that no endpoint has rested");
    this.#going.push(fresh);
    this.#leaving.set(out.address, performance.now());
    this.#coming.set(fresh.address, [...(this.#coming.get(fresh.address) ?? []), monotonic()]);
  }

  slice(): object {
    const addresses = [...this.staying, ...this.#going].map(({ address }) => address);
    return sliceObject("web", addresses, { ports: [{ name: "http", port: PORT, protocol: "TCP" }] });
  }

  /** That the kernel leads nobody there any more. */
  isOut(address: string): void {
    const end = this.#ends.get(address);
    if (!end) return;
    this.lags.push(performance.now() - (this.#leaving.get(address) ?? 0));
    setTimeout(() => this.#tell("close", end), DRAIN_MS);
    setTimeout(() => this.#tell("open", end), DRAIN_MS + CLOSED_MS);
    // It listens again well before it may be chosen.
    setTimeout(() => this.#resting.push(end), DRAIN_MS + 2 * CLOSED_MS);
  }

  /** From when on the kernel may have led there, given when it was reported to. */
  earliest(address: string, reported: number): number {
    return this.#coming.get(address)?.findLast((at) => at <= reported) ?? Number.NEGATIVE_INFINITY;
  }

  kill(): void {
    for (const server of this.#servers.values()) server.kill();
  }

  #tell(what: "open" | "close", { ns, address }: End): void {
    this.#servers.get(ns)?.say(`${what} ${address} ${PORT}`);
  }
}

/** As nft has it. */
const endOf = (address: string) => `${address} . ${PORT}`;

const isAnswered = ([, , who]: Request) => who.includes(".");

function judged(
  requests: readonly Request[],
  lives: Lives,
  place: Place,
): Omit<Churned, "held" | "seconds" | "commits" | "lags"> {
  const failed = new Map<string, number>();
  for (const [, , who] of requests.filter((one) => !isAnswered(one))) failed.set(who, (failed.get(who) ?? 0) + 1);
  const answered = requests.filter(isAnswered).sort(([a], [b]) => a - b);
  const wasIn = ([from, to, who]: Request) =>
    lives.of(endOf(who)).some((life) => life.to >= from && place.earliest(who, life.from) <= to);
  const stale = answered.filter((one) => !wasIn(one)).length;
  return { requests: requests.length, failed, stale, spread: spread(answered, place.staying) };
}

/** At any moment those that stay are asked as often as each other, and as many as come and go together. */
function spread(answered: readonly Request[], staying: readonly End[]): Spread {
  const [counts, expected] = [new Map<string, number>(), new Map<string, number>()];
  const share = answered.length / (STAY + GO);
  for (const { address } of staying) expected.set(address, share);
  expected.set(OTHERS, GO * share);
  for (const [, , who] of answered) {
    const one = expected.has(who) ? who : OTHERS;
    counts.set(one, (counts.get(one) ?? 0) + 1);
  }
  return spreadOf(counts, expected);
}

const OTHERS = "others";

function sorted(held: readonly Held[], staying: readonly End[]): Churned["held"] {
  const stay = new Set(staying.map(({ address }) => address));
  const of = (isStaying: boolean) => {
    const some = held.filter(({ who }) => stay.has(who) === isStaying);
    return { count: some.length, broken: some.flatMap(({ who, end }) => (end === "" ? [] : [`${who}: ${end}`])) };
  };
  return { survivors: of(true), removed: of(false) };
}
