/** berthd itself, from its sources, on the host of a laboratory. */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "../lab.ts";

const MAIN = join(import.meta.dir, "../../../src/service/bun/main.ts");

/** How long it may take to be ready, on a machine that is busy. */
const PATIENCE_MS = 20_000;

export interface Site {
  /** Where Services and EndpointSlices of the test's own are. */
  readonly files: string;
  /** Where the plugins' records are: `berth.register.dir`. */
  readonly records: string;
  readonly socket: string;
  /** Writes a file of `files` by rename, as editors do. */
  write(name: string, ...objects: unknown[]): void;
  /** Starts it, and waits until it is ready. Whoever starts it stops it. */
  start(): Promise<Bun.Subprocess<"ignore", "ignore", "pipe">>;
  /** GET of its socket. */
  get(path: string): Promise<{ status: number; text: string }>;
  /** `run --once` and the like: its exit status and what it printed. */
  once(...words: string[]): { code: number; out: string; err: string };
}

/** A place for berthd in the laboratory's directory; `over` are keys of its configuration. */
export function berthdIn(lab: Lab, over: object = {}): Site {
  const [files, records] = [join(lab.dir, "services.d"), join(lab.dir, "endpoints")];
  const [socket, config] = [join(lab.dir, "berthd.sock"), join(lab.dir, "berthd.json")];
  mkdirSync(files, { recursive: true });
  writeFileSync(config, JSON.stringify({ node: "n1", files, cni: records, socket, ...over }));
  const words = (...args: string[]) => [
    ...["ip", "netns", "exec", lab.host, process.execPath, MAIN, ...args],
    ...["--config", config],
  ];
  const get = async (path: string) => {
    const response = await fetch(`http://berthd${path}`, { unix: socket } as RequestInit);
    return { status: response.status, text: await response.text() };
  };
  return {
    files,
    records,
    socket,
    get,
    write(name, ...objects) {
      writeFileSync(join(files, `.${name}`), JSON.stringify({ kind: "List", items: objects }));
      renameSync(join(files, `.${name}`), join(files, name));
    },
    async start() {
      const child = Bun.spawn(words("run"), { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
      const since = performance.now();
      while (!(await isReady(get))) {
        if (child.exitCode !== null) throw new Error(`berthd ended: ${await child.stderr.text()}`);
        if (performance.now() - since > PATIENCE_MS) throw new Error("berthd was not ready in time");
        await Bun.sleep(5);
      }
      return child;
    },
    once(...args) {
      const { exitCode, stdout, stderr } = Bun.spawnSync(words(...args));
      return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
    },
  };
}

async function isReady(get: Site["get"]): Promise<boolean> {
  try {
    return (await get("/readyz")).status === 200;
  } catch {
    return false;
  }
}
