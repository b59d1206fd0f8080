/** Clients in a network namespace: of one question each, and of one that stays connected. */
import type { Lab } from "../../test/support/lab.ts";

export interface Target {
  readonly lab: Lab;
  /** The namespace of who asks. */
  readonly ns: string;
  readonly hostname: string;
  readonly port: number;
}

/** How long an answer may take. */
const PATIENCE_MS = 1000;

/** A connection, which is asked line by line. */
export interface Line {
  /** The name of who answers; undefined where the connection broke or nobody answered in time. */
  ask(): Promise<string | undefined>;
  readonly isBroken: boolean;
  end(): void;
}

/** Undefined when nobody took the connection. */
export async function connect({ lab, ns, hostname, port }: Target): Promise<Line | undefined> {
  let take: (answer: string | undefined) => void = () => {};
  let isBroken = false;
  const broken = () => {
    isBroken = true;
    take(undefined);
  };
  const handlers = {
    data: (_: Bun.Socket, data: Buffer) => take(data.toString().trim()),
    close: broken,
    error: broken,
  };
  // The socket is made, and its connection begun, while this thread is in the namespace.
  const opening = lab.within(ns, () => Bun.connect({ hostname, port, socket: handlers }));
  const socket = await within(opening.catch(() => undefined));
  if (!socket) return undefined;
  return {
    get isBroken() {
      return isBroken;
    },
    ask() {
      const { promise, resolve } = Promise.withResolvers<string | undefined>();
      take = resolve;
      if (isBroken) resolve(undefined);
      else socket.write("?\n");
      return within(promise);
    },
    end: () => void socket.end(),
  };
}

function within<T>(promise: Promise<T>): Promise<T | undefined> {
  return Promise.race([promise, Bun.sleep(PATIENCE_MS).then(() => undefined)]);
}

/** The name of who answers a question on a connection of its own. */
export async function ask(target: Target): Promise<string | undefined> {
  const line = await connect(target);
  const answer = await line?.ask();
  line?.end();
  return answer;
}

export interface Asked {
  /** performance.now() when the question began. */
  readonly at: number;
  readonly answer: string | undefined;
}

/** Asks again and again, until `stop`, which gives what came of each question. */
export function askOn(target: Target): { stop(): Promise<readonly Asked[]> } {
  const asked: Asked[] = [];
  let isOn = true;
  const run = async () => {
    while (isOn) {
      const at = performance.now();
      asked.push({ at, answer: await ask(target) });
    }
  };
  const running = run();
  return {
    async stop() {
      isOn = false;
      await running;
      return asked;
    },
  };
}
