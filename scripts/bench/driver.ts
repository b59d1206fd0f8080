/** The benchmark's side of driver.c. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { netnsPath } from "../../test/support/conf.ts";

/** A process to be timed. */
export interface Request {
  readonly file: string;
  readonly stdin: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Timing {
  /** Milliseconds from before the spawn until the wait returned. */
  readonly wall: number;
  /** Milliseconds of user and system time. */
  readonly cpu: number;
  /** Its line ends are spaces. */
  readonly stdout: string;
}

export interface Driver {
  /** Makes the network namespace `name`, where `ip netns` finds it. */
  netns(name: string): Promise<void>;
  forget(name: string): Promise<void>;
  /** Runs a process in the network namespace `ns`. @throws Error when it fails */
  run(ns: string, request: Request): Promise<Timing>;
  /** Runs processes side by side. @throws Error when any fails */
  burst(ns: string, requests: readonly Request[]): Promise<Timing>;
  close(): void;
}

/** Starts `program`, which is driver.c compiled. */
export function startDriver(program: string): Driver {
  const child = Bun.spawn([program], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const answers = lines(child.stdout);
  let entered: string | undefined;
  const ask = async (text: string): Promise<string> => {
    child.stdin.write(`${text}\n`);
    child.stdin.flush();
    const { value } = await answers.next();
    if (value === undefined) throw new Error("the driver ended, see above");
    return value;
  };
  const enter = async (ns: string): Promise<void> => {
    if (ns !== entered) await ask(`enter\t${netnsPath(ns)}`);
    entered = ns;
  };
  return {
    netns: async (name) => {
      // Nothing has made it on a machine where `ip netns add` was never called.
      mkdirSync(dirname(netnsPath(name)), { recursive: true });
      await ask(`netns\t${netnsPath(name)}`);
    },
    forget: async (name) => void (await ask(`forget\t${netnsPath(name)}`)),
    run: async (ns, request) => {
      await enter(ns);
      return timing(await ask(line(request)), request.env.CNI_COMMAND ?? request.file);
    },
    burst: async (ns, requests) => {
      await enter(ns);
      const text = [`burst\t${requests.length}`, ...requests.map(line)].join("\n");
      return timing(await ask(text), `burst of ${requests.length}`);
    },
    close: () => child.kill(),
  };
}

function line({ file, stdin, env }: Request): string {
  return ["run", file, stdin, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)].join("\t");
}

function timing(answer: string, what: string): Timing {
  const [status, wall, cpu, ...stdout] = answer.split("\t");
  if (status !== "0") throw new Error(`${what}: ${status} (exit status or number of failures): ${stdout.join(" ")}`);
  return { wall: Number(wall) / 1e6, cpu: Number(cpu) / 1e3, stdout: stdout.join(" ") };
}

async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
  return undefined;
}
