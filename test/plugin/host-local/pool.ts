/** Calls of the built host-local, on a directory of their own. It needs no network, and root only for some file systems. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { environment, type Verb } from "../../support/conf.ts";
import { BIN } from "../../support/needs.ts";
import type { Reply } from "../../support/plugin.ts";

export interface PoolOptions {
  /** Replaces keys of `ipam`. */
  readonly ipam?: Record<string, unknown>;
  /** Replaces keys of the configuration. */
  readonly conf?: Record<string, unknown>;
  /** Changes the configuration's JSON into what comes on stdin. */
  readonly written?: (json: string) => string;
  /** CNI_ARGS. */
  readonly args?: string;
  /** Directory of the executable. */
  readonly bin?: string;
  /** A command to run it by: strace … */
  readonly by?: readonly string[];
}

export interface Pool {
  readonly root: string;
  readonly dataDir: string;
  /** The directory of the leases. */
  readonly dir: string;
  call(verb: Verb, id: string, options?: PoolOptions): Reply;
  start(verb: Verb, id: string, options?: PoolOptions): Promise<Reply>;
  /** The addresses of a successful ADD, without prefix length. Throws what the plugin said otherwise. */
  add(id: string, options?: PoolOptions): string[];
  /** Writes a file into the directory as somebody else would: in place, without an attribute. */
  write(name: string, content: string): void;
  /** File name to content, of what is not `lock` and `last_reserved_ip.N`. */
  leases(): Record<string, string>;
  /** What there is beside the network's directory. */
  strays(): string[];
  [Symbol.dispose](): void;
}

/** A network "pool" of 10.1.2.0/24 in a temporary directory. */
export function pool(): Pool {
  const root = mkdtempSync(join(tmpdir(), "berth-pool-"));
  const dataDir = join(root, "data");
  const dir = join(dataDir, "pool");
  const call = (verb: Verb, id: string, options: PoolOptions = {}): Reply => {
    const { cmd, stdin, env } = invocation(root, dataDir, verb, id, options);
    const child = Bun.spawnSync(cmd, { stdin, env, timeout: 60_000 });
    return reply(child.exitCode ?? -1, child.stdout.toString(), child.stderr.toString());
  };
  return {
    root,
    dataDir,
    dir,
    call,
    async start(verb, id, options = {}) {
      const { cmd, stdin, env } = invocation(root, dataDir, verb, id, options);
      const child = Bun.spawn(cmd, { stdin, env, stdout: "pipe", stderr: "pipe", timeout: 60_000 });
      const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
      return reply(child.exitCode ?? -1, stdout, stderr);
    },
    add(id, options) {
      const { status, stdout, stderr, json } = call("ADD", id, options);
      if (status !== 0) throw new Error(`${stdout}${stderr}`);
      return json.ips.map((ip: { address: string }) => ip.address.split("/")[0]);
    },
    write(name, content) {
      mkdirSync(dir, { recursive: true });
      writeFileSync(join(dir, name), content, { mode: 0o600 });
    },
    leases() {
      const names = existsSync(dir) ? readdirSync(dir).sort() : [];
      const files = names.filter((name) => name !== "lock" && !name.startsWith("last_reserved_ip."));
      return Object.fromEntries(files.map((name) => [name, readFileSync(join(dir, name), "utf8")]));
    },
    strays: () => (existsSync(dataDir) ? readdirSync(dataDir).filter((name) => name !== "pool") : []),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

function invocation(root: string, dataDir: string, verb: Verb, id: string, options: PoolOptions) {
  const { ipam, conf, written = (json) => json, args, bin = BIN, by = [] } = options;
  const config = {
    cniVersion: "1.1.0",
    name: "pool",
    type: "host-local",
    ipam: { type: "host-local", dataDir, ranges: [[{ subnet: "10.1.2.0/24" }]], ...ipam },
    berth: { indexDir: join(root, "index") },
    ...conf,
  };
  return {
    cmd: [...by, join(bin, "host-local")],
    stdin: Buffer.from(written(JSON.stringify(config))),
    env: environment(verb, bin, { id, ns: "/some/where", ...(args === undefined ? {} : { args }) }),
  };
}

function reply(status: number, stdout: string, stderr: string): Reply {
  let json: Reply["json"];
  try {
    json = stdout === "" ? undefined : JSON.parse(stdout);
  } catch {
    json = undefined;
  }
  return { status, stdout, stderr, json };
}
