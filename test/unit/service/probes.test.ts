import { afterAll, describe, expect, test } from "bun:test";
import { probing } from "../../../src/service/bun/probe.ts";
import { type Probe, probeSchema } from "../../../src/service/schema/probe.ts";
import { Prober, type Question, type State, stateAfter, UNKNOWN } from "../../../src/service/sources/probes.ts";
import type { SliceRecord } from "../../../src/service/store/records.ts";

const probe = (over: object = {}): Probe => probeSchema.parse({ tcpSocket: { port: 8080 }, ...over });

describe("stateAfter()", () => {
  const run = (answers: string, over: object = {}) => {
    let state: State = UNKNOWN;
    return [...answers]
      .map((answer) => {
        state = stateAfter(state, answer === "+", probe(over));
        return state.isReady ? "R" : "-";
      })
      .join("");
  };

  test.each([
    ["-+", "-R", {}],
    // Three failures in a row, not three failures.
    ["+--+--+---+", "RRRRRRRRR-R", {}],
    ["++-+-", "-RRRR", { successThreshold: 2 }],
    ["+-+-++", "-----R", { successThreshold: 2, failureThreshold: 1 }],
  ])("%s is %s with %j", (answers, states, over) => {
    expect(run(answers, over)).toBe(states);
  });
});

function slice(over: Partial<SliceRecord> = {}, address = "10.1.0.2"): SliceRecord {
  return {
    kind: "slice",
    key: "default/web-1",
    service: "default/web",
    family: 4,
    ports: [{ name: "http", protocol: "tcp", port: 8080 }],
    endpoints: [{ address, ready: true, serving: true, terminating: false, node: "n1" }],
    since: 5,
    ...over,
  };
}

/** A world in which the test says what time it is and what is answered. */
class World {
  now = 0;
  answer = true;
  readonly asked: [number, Question][] = [];
  #due: { at: number; work: () => void }[] = [];

  readonly options = {
    ask: (question: Question) => {
      this.asked.push([this.now, question]);
      return Promise.resolve(this.answer);
    },
    later: (milliseconds: number, work: () => void) => {
      const one = { at: this.now + milliseconds, work };
      this.#due.push(one);
      return () => {
        this.#due = this.#due.filter((other) => other !== one);
      };
    },
  };

  async until(time: number): Promise<void> {
    for (;;) {
      const [next] = this.#due.toSorted((a, b) => a.at - b.at);
      if (!next || next.at > time) break;
      this.now = next.at;
      this.#due = this.#due.filter((other) => other !== next);
      next.work();
      await Promise.resolve();
      await Promise.resolve();
    }
    this.now = time;
  }
}

function prober(over: object = {}) {
  const world = new World();
  let changes = 0;
  const one = new Prober(new Map([["default/web", probe(over)]]), world.options);
  const end = one.watch(() => changes++);
  return { world, one, end, changes: () => changes };
}

describe("Prober", () => {
  test("asks after the delay and each period, and tells when that makes a difference", async () => {
    const { world, one, changes } = prober({ initialDelaySeconds: 3, periodSeconds: 2, failureThreshold: 2 });
    expect([one.follow(() => [slice()]), one.isReady(slice())]).toEqual([[], false]);
    await world.until(2999);
    expect(world.asked).toEqual([]);
    await world.until(5000);
    expect(world.asked).toEqual([3000, 5000].map((at) => [at, { address: "10.1.0.2", port: 8080, timeout: 1000 }]));
    expect([one.isReady(slice()), changes()]).toEqual([true, 1]);
    world.answer = false;
    await world.until(7000);
    expect(one.isReady(slice())).toBe(true);
    await world.until(9000);
    expect([one.isReady(slice()), changes()]).toEqual([false, 2]);
  });

  test("leaves services without a probe alone", () => {
    const { world, one } = prober();
    const other = slice({ service: "default/api" });
    expect([one.follow(() => [other]), one.isReady(other), world.asked.length]).toEqual([[], true, 0]);
  });

  test("asks no more of who is gone, and begins anew with who is attached again", async () => {
    const { world, one } = prober({ periodSeconds: 1 });
    one.follow(() => [slice()]);
    await world.until(1000);
    one.follow(() => []);
    await world.until(9000);
    expect([world.asked.length, one.isReady(slice())]).toEqual([2, false]);
    one.follow(() => [slice({ since: 6 })]);
    one.follow(() => [slice({ since: 6 })]);
    await world.until(9000);
    expect([world.asked.length, one.isReady(slice({ since: 6 }))]).toEqual([3, true]);
  });

  test("takes a port by its name, and says when there is none", () => {
    const { world, one } = prober({ tcpSocket: undefined, httpGet: { port: "http", path: "/ready" } });
    expect(one.follow(() => [slice()])).toEqual([]);
    const unnamed = slice({ key: "default/web-2", ports: [{ name: "x", protocol: "tcp", port: 1 }] });
    expect(one.follow(() => [unnamed])).toEqual([
      "readinessProbes: default/web: there is no port http among those of its containers: x",
    ]);
    expect(one.isReady(unnamed)).toBe(false);
    expect(world.asked).toEqual([]);
  });

  test("asks nobody after its end", async () => {
    const { world, one, end } = prober();
    one.follow(() => [slice()]);
    end();
    await world.until(60_000);
    expect(world.asked).toEqual([]);
  });
});

describe("ask()", () => {
  const servers: { stop(force: boolean): void }[] = [];
  afterAll(() => servers.forEach((server) => void server.stop(true)));
  const listening = (answer: string | undefined) => {
    let heard = "";
    const data = (socket: Bun.Socket, bytes: Buffer) => {
      heard += bytes.toString();
      if (answer !== undefined) socket.write(answer);
    };
    const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data } });
    servers.push(server);
    return { port: server.port, heard: () => heard };
  };
  const asked = (port: number, http?: Question["http"], timeout = 5000) =>
    probing.ask({ address: "127.0.0.1", port, timeout, ...(http && { http }) });

  test("of TCP is whether the port takes a connection", async () => {
    const { port } = listening(undefined);
    expect(await asked(port)).toBe(true);
    servers.pop()?.stop(true);
    expect(await asked(port)).toBe(false);
  });

  test.each([
    ["HTTP/1.1 200 OK\r\n\r\n", true],
    ["HTTP/1.0 302 Found\r\n\r\n", true],
    ["HTTP/1.1 404 Not Found\r\n\r\n", false],
    ["HTTP/1.1 2000 What\r\n\r\n", false],
    ["SSH-2.0-OpenSSH\r\n", false],
    [undefined, false],
  ])("of HTTP %j is %p", async (answer, passed) => {
    const { port, heard } = listening(answer);
    expect(await asked(port, { path: "/ready?x=1", host: "web" }, answer === undefined ? 100 : 5000)).toBe(passed);
    expect(heard()).toStartWith("GET /ready?x=1 HTTP/1.1\r\nHost: web\r\n");
  });
});

test("a probe asks in one way, and nothing gets into its request that is none of its", () => {
  const wrong = [
    {},
    { tcpSocket: { port: 1 }, httpGet: { port: 1 } },
    { tcpSocket: { port: 70_000 } },
    { httpGet: { port: 1, path: "ready" } },
    { httpGet: { port: 1, path: "/a b" } },
    { httpGet: { port: 1, host: "a\r\nb" } },
    { tcpSocket: { port: 1 }, periodSeconds: 0 },
    { tcpSocket: { port: 1 }, period: 1 },
  ];
  expect(wrong.map((one) => probeSchema.safeParse(one).success)).toEqual(wrong.map(() => false));
});
