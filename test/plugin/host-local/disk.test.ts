/** host-local on file systems that are full, read-only, or poorer than usual. */
import { describe, expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cniError } from "../../support/cni-error.ts";
import { attempt, sh } from "../../support/command.ts";
import { built, type Need, needs } from "../../support/needs.ts";
import { type Pool, pool } from "./pool.ts";

/** A mount in a namespace of its own would not be seen by the plugin: it is made for all, and removed at the end. */
function mountable(type: string): Need {
  const mount = `d=$(mktemp -d) && mount -t ${type} none "$d" && umount "$d"`;
  return { what: `root and the file system ${type}`, met: () => attempt(undefined, "sh", "-c", mount).status === 0 };
}

const testTmpfs = needs(built, mountable("tmpfs"));
const testRamfs = needs(built, mountable("ramfs"));

/** Runs `body` with `dir` mounted. */
function mounted(dir: string, args: string[], body: () => void): void {
  mkdirSync(dir, { recursive: true });
  sh(undefined, "mount", ...args, dir);
  try {
    body();
  } finally {
    sh(undefined, "umount", dir);
  }
}

/** Writes until nothing more fits: the file's path. */
function fill(dir: string): string {
  const path = join(dir, "filler");
  attempt(undefined, "sh", "-c", `cat /dev/zero > ${path}; : > ${path}.inode`);
  return path;
}

/** Changes whether the mounted file system can be written. */
function remount(dir: string, mode: "ro" | "rw"): void {
  sh(undefined, "mount", "-o", `remount,${mode}`, dir);
}

describe("host-local on a full file system", () => {
  function full(body: (net: Pool) => void): void {
    using net = pool();
    mounted(net.dataDir, ["-t", "tmpfs", "-o", "size=64k", "none"], () => body(net));
  }

  testTmpfs("fails ADD naming the cause, leaves nothing, and recovers; STATUS is ready, as a DEL makes room", () => {
    full((net) => {
      net.add("a");
      const filler = fill(net.dataDir);
      const error = cniError(net.call("ADD", "b"), "ENOSPC", net.dir);
      expect(error.code).toBe(5);
      expect(net.call("STATUS", "")).toMatchObject({ status: 0, stdout: "", stderr: "" });
      expect(net.leases()).toEqual({ "10.1.2.2": "a\r\neth0" });
      expect(net.call("CHECK", "a").status).toBe(0);
      rmSync(filler);
      expect(net.add("b")).toEqual(["10.1.2.3"]);
      fill(net.dataDir);
      for (const id of ["a", "b"]) expect(net.call("DEL", id)).toMatchObject({ status: 0, stdout: "" });
      expect(net.leases()).toEqual({});
    });
  });

  testTmpfs("leaves no empty file of the round robin on the first ADD", () => {
    full((net) => {
      mkdirSync(net.dir);
      writeFileSync(join(net.dir, "lock"), "");
      fill(net.dataDir);
      expect(cniError(net.call("ADD", "a")).code).toBe(5);
      expect(existsSync(join(net.dir, "last_reserved_ip.0"))).toBe(false);
      expect(net.leases()).toEqual({});
    });
  });
});

testTmpfs("host-local on a read-only file system says so, and only where something must be written", () => {
  using net = pool();
  mounted(net.dataDir, ["-t", "tmpfs", "none"], () => {
    net.add("a");
    remount(net.dataDir, "ro");
    expect(cniError(net.call("ADD", "b"), "EROFS", net.dir).code).toBe(5);
    for (const name of ["pool", "never-used"]) {
      expect(cniError(net.call("STATUS", "", { conf: { name } }), "EROFS", net.dataDir).code).toBe(50);
    }
    expect(cniError(net.call("DEL", "a"), "EROFS", join(net.dir, "10.1.2.2")).code).toBe(5);
    expect(net.call("DEL", "b").status).toBe(0);
    expect(net.call("CHECK", "a").status).toBe(0);
    expect(net.call("DEL", "a", { conf: { name: "never-used" } }).status).toBe(0);
    // Where no file can be made to read the file system's clock, GC spares what may be as young as a tick (20 ms).
    Bun.sleepSync(50);
    const gc = net.call("GC", "", { conf: { "cni.dev/valid-attachments": [] } });
    expect(cniError(gc, "EROFS", "10.1.2.2").code).toBe(5);
    remount(net.dataDir, "rw");
    expect(net.call("DEL", "a").status).toBe(0);
    expect(net.leases()).toEqual({});
  });
});

const strace: Need = { what: "strace", met: () => Bun.which("strace") !== null };
needs(built, strace)("host-local/STATUS fails for what a person must cure, and for nothing that ends by itself", () => {
  using net = pool();
  net.add("a");
  const codes = (errors: readonly string[]) =>
    errors.map((error) => {
      const by = ["strace", "-qq", "-o", "/dev/null", "-P", net.dir, "-e", `inject=open,openat:error=${error}`];
      const { status, stdout, stderr, json } = net.call("STATUS", "", { by });
      return status === 0 ? `ready ${stdout}${stderr}` : json?.code;
    });
  const passing = ["ENOSPC", "EDQUOT", "ENOMEM", "EMFILE", "ENFILE", "EIO", "ESTALE"];
  expect(codes(passing)).toEqual(passing.map(() => "ready "));
  expect(codes(["EROFS", "EACCES", "EPERM"])).toEqual([50, 50, 50]);
});

needs(
  built,
  mountable("tmpfs"),
  strace,
)("host-local with an index that is full goes on, and its index stays in step", () => {
  using net = pool();
  mounted(join(net.root, "index"), ["-t", "tmpfs", "-o", "size=64k", "none"], () => {
    for (const id of ["a", "b"]) net.add(id);
    fill(join(net.root, "index"));
    const del = (id: string) => expect(net.call("DEL", id)).toMatchObject({ status: 0, stdout: "", stderr: "" });
    del("a");
    const log = join(net.root, "trace");
    net.add("c", { by: ["strace", "-qq", "-o", log, "-e", "trace=open,openat"] });
    expect(readFileSync(log, "utf8")).not.toContain(join(net.dir, "10.1.2.3"));
    for (const id of ["a", "never"]) del(id);
    expect(net.leases()).toEqual({ "10.1.2.3": "b\r\neth0", "10.1.2.4": "c\r\neth0" });
  });
});

testRamfs("host-local without extended attributes leases, refuses duplicates and reclaims nothing", () => {
  using net = pool();
  mounted(net.dataDir, ["-t", "ramfs", "none"], () => {
    const ipam = { ranges: [[{ subnet: "10.1.2.0/30" }]] };
    expect(net.add("a", { ipam })).toEqual(["10.1.2.2"]);
    cniError(net.call("ADD", "a", { ipam }), "duplicate allocation is not allowed");
    cniError(net.call("ADD", "b", { ipam }), "1 of 1 addresses are leased, 0 look stale");
    expect(net.call("DEL", "a", { ipam }).status).toBe(0);
    expect(net.leases()).toEqual({});
    expect(net.strays()).toEqual([]);
  });
});
