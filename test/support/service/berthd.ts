/** berthd itself in the host's namespace of a laboratory, with a directory of files of its own. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Lab } from "../lab.ts";

/** berthd from its sources. */
const SOURCES = [process.execPath, join(import.meta.dir, "../../../src/service/bun/main.ts")];

/** Waits until `is` holds, and says how long that took, in milliseconds. */
export async function until(is: () => boolean | Promise<boolean>, patience = 10_000): Promise<number> {
  const start = performance.now();
  while (!(await is())) {
    if (performance.now() - start > patience) throw new Error("waited too long");
    await Bun.sleep(5);
  }
  return performance.now() - start;
}

export class Berthd {
  readonly directory: string;
  readonly socket: string;
  /** Where the plugins' records are: `berth.register.dir`. */
  readonly records: string;
  /** What it has written to stderr. */
  readonly log: string;
  readonly #begun: Bun.Subprocess[] = [];
  readonly #config: string;
  readonly #host: string;
  readonly #program: readonly string[];

  /** `config` replaces parts of the configuration. */
  constructor(lab: Lab, config: object = {}, program: readonly string[] = SOURCES) {
    this.#program = program;
    this.directory = join(lab.dir, "services.d");
    this.socket = join(lab.dir, "berthd.sock");
    this.records = join(lab.dir, "endpoints");
    this.log = join(lab.dir, "berthd.log");
    this.#config = join(lab.dir, "berthd.json");
    this.#host = lab.host;
    mkdirSync(this.directory);
    const own = { node: "n1", files: this.directory, cni: this.records, socket: this.socket };
    writeFileSync(this.#config, JSON.stringify({ ...own, ...config }));
  }

  /** A file with these objects, by rename, as editors do. */
  write(name: string, ...objects: unknown[]): void {
    writeFileSync(join(this.directory, `.${name}`), JSON.stringify({ kind: "List", items: objects }));
    renameSync(join(this.directory, `.${name}`), join(this.directory, name));
  }

  /** The first half of such a file, in place, as one finds it whose writer was killed. */
  tear(name: string, ...objects: unknown[]): void {
    const text = JSON.stringify({ kind: "List", items: objects });
    writeFileSync(join(this.directory, name), text.slice(0, text.length / 2));
  }

  remove(name: string): void {
    rmSync(join(this.directory, name), { force: true });
  }

  once(...args: string[]) {
    const { exitCode, stdout, stderr } = Bun.spawnSync(this.#words(...args));
    return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
  }

  start(): Bun.Subprocess {
    return Bun.spawn(this.#words("run"), { stderr: Bun.file(this.log) });
  }

  /** Starts it and waits until it is ready. `end` ends it, however it goes. */
  async begin(): Promise<Bun.Subprocess> {
    const child = this.start();
    this.#begun.push(child);
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`berthd ended: ${this.logged()}`);
      return this.isReady();
    });
    return child;
  }

  /** Kills what `begin` has started. */
  end(): void {
    for (const child of this.#begun.splice(0)) child.kill("SIGKILL");
  }

  async get(path: string) {
    const response = await fetch(`http://berthd${path}`, { unix: this.socket } as RequestInit);
    return { status: response.status, text: await response.text() };
  }

  async isReady(): Promise<boolean> {
    try {
      return (await this.get("/readyz")).status === 200;
    } catch {
      return false;
    }
  }

  logged(): string {
    return readFileSync(this.log, "utf8");
  }

  #words(...args: string[]): string[] {
    // It becomes what it starts, so the process is berthd's own.
    return ["ip", "netns", "exec", this.#host, ...this.#program, ...args, "--config", this.#config];
  }
}
