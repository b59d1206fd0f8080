/**
 * Run in a namespace by churn.ts: `load ADDRESS PORT` connects as fast as it goes, four at once, reads who answers, and begins anew;
 * `hold ADDRESS PORT COUNT` keeps connections and has something sent back on each five times a second. A line on stdin ends it; it
 * prints as JSON what there was.
 */
import { monotonic } from "../../../src/sys/bun/clock.ts";

/** One connection: when it was begun and when it was answered, in milliseconds of the machine's clock, and by whom, or what went wrong. */
export type Request = readonly [from: number, to: number, who: string];

export interface Held {
  readonly who: string;
  readonly echoes: number;
  /** What ended it before it was to end; "": nothing. */
  readonly end: string;
}

const AT_ONCE = 4;
const PATIENCE_MS = 3000;
const BEAT_MS = 200;

const [mode, hostname = "", port = "", count = ""] = process.argv.slice(2);

function request(): Promise<Request> {
  const from = monotonic();
  return new Promise((resolve) => {
    const end = (who: string) => resolve([from, monotonic(), who]);
    const late = setTimeout(end, PATIENCE_MS, "timeout");
    const fail = (error: Error & { code?: string }) => {
      clearTimeout(late);
      end(error.code ?? error.message);
    };
    const socket = {
      data(socket: Bun.Socket, data: Buffer) {
        clearTimeout(late);
        end(data.toString().trim());
        // Not by a reset: who takes that port again soon may be led where the last one went, which is conntrack's doing.
        socket.end();
      },
      close: () => fail(new Error("closed without a word")),
      error: (_: Bun.Socket, error: Error) => fail(error),
      connectError: (_: Bun.Socket, error: Error) => fail(error),
    };
    Bun.connect({ hostname, port: Number(port), socket }).catch(fail);
  });
}

async function load(hasEnded: () => boolean): Promise<Request[]> {
  const done: Request[] = [];
  const one = async () => {
    while (!hasEnded()) done.push(await request());
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return done;
}

async function hold(hasEnded: () => boolean): Promise<Held[]> {
  const all = await Promise.all(Array.from({ length: Number(count) }, connected));
  console.log("held");
  while (!hasEnded()) {
    for (const one of all) one.ask();
    await Bun.sleep(BEAT_MS);
  }
  return all.map(({ held }) => held);
}

async function connected(): Promise<{ held: Held; ask(): void }> {
  const held = { who: "", echoes: 0, end: "" };
  const greeted = Promise.withResolvers<void>();
  const fail = (_: unknown, error?: Error) => {
    held.end ||= error?.message ?? "closed";
    greeted.resolve();
  };
  let asked = 0;
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data(_, data) {
        if (held.who !== "") held.echoes += data.length;
        else held.who = data.toString().trim();
        greeted.resolve();
      },
      close: fail,
      end: fail,
      error: fail,
    },
  });
  await greeted.promise;
  return {
    held,
    ask() {
      if (held.end !== "") return;
      // What was asked three times before must have come back.
      if (asked - held.echoes > 3) held.end = "no echo";
      asked += socket.write("x");
    },
  };
}

let ended = false;
const hasEnded = () => ended;
const done = mode === "load" ? load(hasEnded) : hold(hasEnded);
if (mode === "load") console.log("begun");
for await (const _ of console) break;
ended = true;
console.log(JSON.stringify(await done));
process.exit(0);
