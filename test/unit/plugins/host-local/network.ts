/** A network of host-local in a temporary directory, driven in this process. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatIp, formatPrefix } from "../../../../src/base/ip.ts";
import { add, type Leased } from "../../../../src/plugins/host-local/add.ts";
import { check } from "../../../../src/plugins/host-local/check.ts";
import { del } from "../../../../src/plugins/host-local/del.ts";
import { gc } from "../../../../src/plugins/host-local/gc.ts";
import { ownedLeases } from "../../../../src/plugins/host-local/owned.ts";
import { status } from "../../../../src/plugins/host-local/status.ts";
import type { OwnedLease } from "../../../../src/spec/delegate.ts";
import { readEnv } from "../../../../src/spec/env.ts";
import type { Call, Verb } from "../../../../src/spec/plugin.ts";
import type { Version } from "../../../../src/spec/versions.ts";
import * as sys from "../../../../src/sys/bun/sys.ts";

export interface CallOptions {
  readonly ifname?: string;
  readonly args?: string;
  readonly netns?: string;
  readonly version?: Version;
  /** Replaces keys of the configuration's `ipam`. */
  readonly ipam?: Record<string, unknown>;
  /** Replaces keys of the configuration. */
  readonly conf?: Record<string, unknown>;
}

/** `ipam` as configured: by default the /24 10.1.2.0 with its gateway at .1. */
export function network(ipam: Record<string, unknown> = { ranges: [[{ subnet: "10.1.2.0/24" }]] }): Network {
  return new Network(ipam);
}

export class Network {
  readonly root = mkdtempSync(join(tmpdir(), "berth-host-local-"));
  readonly dataDir = join(this.root, "data");
  /** Where the leases are. */
  readonly dir = join(this.dataDir, "net");
  readonly indexDir = join(this.root, "run/index");
  /** Lines on stderr, of all calls. */
  readonly warnings: string[] = [];
  readonly #ipam: Record<string, unknown>;

  constructor(ipam: Record<string, unknown>) {
    this.#ipam = ipam;
  }

  /** A call of the verb for a container, as skel would make it. */
  call(verb: Verb, id: string, options: CallOptions = {}): Call {
    const config = {
      cniVersion: options.version ?? "1.1.0",
      name: "net",
      type: "host-local",
      ipam: { type: "host-local", dataDir: this.dataDir, ...this.#ipam, ...options.ipam },
      berth: { indexDir: this.indexDir },
      ...options.conf,
    };
    const variables = new Map([
      ["CNI_COMMAND", verb],
      ["CNI_CONTAINERID", id],
      ["CNI_IFNAME", options.ifname ?? "eth0"],
      ["CNI_NETNS", options.netns ?? "/some/where"],
      ["CNI_ARGS", options.args ?? ""],
      ["CNI_PATH", "/nowhere"],
    ]);
    return {
      env: readEnv(variables, []),
      stdin: JSON.stringify(config),
      config,
      name: "net",
      version: options.version ?? "1.1.0",
      delegates: [],
      warn: (line) => void this.warnings.push(line),
    };
  }

  /** ADD, over when it returns: its addresses, "10.1.2.2/24". */
  add(id: string, options?: CallOptions): string[] {
    const leased = this.begin(id, options);
    leased.release();
    return addressesOf(leased);
  }

  /** ADD whose process is still there. */
  begin(id: string, options?: CallOptions): Leased {
    return add(this.call("ADD", id, options));
  }

  del(id: string, options?: CallOptions): void {
    del(this.call("DEL", id, options));
  }

  check(id: string, options?: CallOptions): void {
    check(this.call("CHECK", id, options));
  }

  /** GC; `valid` as "id/ifname" words, or null for a configuration that says null. */
  gc(valid: readonly string[] | null | undefined, conf: Record<string, unknown> = {}): void {
    const attachments = valid?.map((word) => ({ containerID: word.split("/")[0], ifname: word.split("/")[1] }));
    const key = valid === undefined ? {} : { "cni.dev/valid-attachments": attachments ?? null };
    // Leases are dated to the millisecond, which no two processes that follow each other share.
    sys.sleep(2);
    gc(this.call("GC", "", { conf: { ...key, ...conf } }));
  }

  status(options?: CallOptions): void {
    status(this.call("STATUS", "", options));
  }

  owned(id: string, options?: CallOptions): OwnedLease[] {
    return ownedLeases(this.call("DEL", id, options));
  }

  /** All files of the directory, name to content. */
  files(): Record<string, string> {
    if (!existsSync(this.dir)) return {};
    const names = readdirSync(this.dir).sort();
    return Object.fromEntries(
      names.filter((name) => lstatSync(this.path(name)).isFile()).map((name) => [name, this.read(name)]),
    );
  }

  /** The files that are leases. */
  leases(): Record<string, string> {
    return Object.fromEntries(Object.entries(this.files()).filter(([name]) => !/^l/.test(name)));
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  read(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  /** Writes a file into the directory as the reference does: in place, mode 0600, without an attribute. */
  write(name: string, content: string | Uint8Array): void {
    mkdirSync(this.dir, { recursive: true });
    writeFileSync(this.path(name), content, { mode: 0o600 });
  }

  /** The attribute of a lease; undefined when it has none. */
  attribute(name: string): string | undefined {
    return this.#withFile(name, (fd) => sys.getxattr(fd, "user.berth"));
  }

  setAttribute(name: string, text: string): void {
    this.#withFile(name, (fd) => sys.setxattr(fd, "user.berth", text));
  }

  #withFile<T>(name: string, fn: (fd: number) => T): T {
    const fd = sys.open(this.path(name), 2);
    try {
      return fn(fd);
    } finally {
      sys.close(fd);
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

export function addressesOf({ result }: Leased): string[] {
  return result.ips.map(({ address }) => formatPrefix(address));
}

/** "10.1.2.2" of "10.1.2.2/24". */
export function bare(addresses: readonly string[]): string[] {
  return addresses.map((address) => address.split("/")[0] ?? "");
}

export function ownedAddresses(leases: readonly OwnedLease[]): string[] {
  return leases.map(({ address }) => formatIp(address)).sort();
}
