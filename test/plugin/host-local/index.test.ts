/** What host-local reads of the leases, and what it keeps of networks that are gone: the index, seen from outside. */
import { describe, expect } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cniError } from "../../support/cni-error.ts";
import { sh } from "../../support/command.ts";
import { inLab } from "../../support/lab.ts";
import { built, type Need, namespaces, needs, REFERENCE, reference } from "../../support/needs.ts";
import { type Pool, type PoolOptions, pool } from "./pool.ts";

const strace: Need = { what: "strace", met: () => Bun.which("strace") !== null };
const test = needs(built);
const testReads = needs(built, strace);

/** How many lease files of 10.1.0.0/16 a call opened. */
function opened(log: string): number {
  return readFileSync(log, "utf8").match(/^open.*\/10\.1\.\d+\.\d+", O_RDONLY.* = \d+$/gm)?.length ?? 0;
}

/** The same of a call that must succeed. */
function reads(net: Pool, verb: "ADD" | "DEL" | "CHECK", id: string, options: PoolOptions = {}): number {
  const log = join(net.root, "trace");
  const by = ["strace", "-qq", "-o", log, "-e", "trace=open,openat"];
  const { status, stdout } = net.call(verb, id, { ...options, by });
  if (status !== 0) throw new Error(stdout);
  return opened(log);
}

const WIDE = { ranges: [[{ subnet: "10.1.0.0/16" }]] };

/** Leases of somebody else, from 10.1.100.0 on. */
function crowd(dir: string, count: number): void {
  mkdirSync(dir, { recursive: true });
  for (let i = 0; i < count; i++) {
    const name = `10.1.${100 + Math.floor(i / 250)}.${i % 250}`;
    writeFileSync(join(dir, name), `${"0123456789abcdef".repeat(4)}${i}\r\neth0`);
  }
}

describe("host-local does not read other leases", () => {
  testReads("than its own at ADD, DEL, and the DEL that follows, among 20,000", () => {
    using net = pool();
    const ipam = WIDE;
    crowd(net.dir, 20_000);
    // Both read all: the first call of all, and a DEL of what was never added.
    for (const id of ["never", "neither"]) expect(net.call("DEL", id, { ipam }).status).toBe(0);
    for (const id of ["a", "b"]) expect(reads(net, "ADD", id, { ipam })).toBe(0);
    expect([reads(net, "CHECK", "a", { ipam }), reads(net, "DEL", "a", { ipam })]).toEqual([1, 1]);
    for (const id of ["a", "never", "neither", "a"]) expect([id, reads(net, "DEL", id, { ipam })]).toEqual([id, 0]);
    // Its address is another's by now, whose lease is looked at.
    expect(reads(net, "ADD", "c", { ipam, args: "IP=10.1.0.2" })).toBe(0);
    expect([reads(net, "DEL", "a", { ipam }), reads(net, "DEL", "c", { ipam })]).toEqual([1, 1]);
    // The owner comes back, and goes again.
    expect([reads(net, "ADD", "a", { ipam }), reads(net, "DEL", "a", { ipam })]).toEqual([0, 1]);
    expect(reads(net, "DEL", "a", { ipam })).toBe(0);
  });

  testReads("where prevResult names the addresses and they are others'", () => {
    using net = pool();
    crowd(net.dir, 300);
    const named = (...ips: string[]) => ({ conf: { prevResult: { ips: ips.map((ip) => ({ address: `${ip}/16` })) } } });
    net.add("a");
    expect(reads(net, "DEL", "x", named("10.1.100.7", "10.1.2.99"))).toBe(1);
    expect(reads(net, "DEL", "x")).toBe(1);
    // Nothing is named: there is no explanation.
    expect(reads(net, "DEL", "y", named())).toBe(301);
    expect(reads(net, "DEL", "y", { conf: { prevResult: { ips: "nonsense" } } })).toBe(0);
  });

  needs(
    namespaces,
    built,
    strace,
  )(
    "more than once in a DEL of bridge, which asks and then deletes",
    inLab((lab) => {
      const count = (id: string) => {
        const conf = JSON.stringify(lab.conf({ ipam: { type: "host-local", ...WIDE, dataDir: lab.store } }));
        const env = `CNI_COMMAND=DEL CNI_CONTAINERID=${id} CNI_IFNAME=eth0 CNI_NETNS= CNI_PATH=${lab.bin}`;
        const log = `${lab.dir}/trace`;
        const by = `strace -qq -o ${log} -e trace=open,openat`;
        lab.sh(lab.host, "sh", "-c", `echo '${conf}' | env -i ${env} ${by} ${lab.bin}/bridge`);
        return opened(log);
      };
      crowd(`${lab.store}/labnet`, 300);
      writeFileSync(`${lab.store}/labnet/lock`, "");
      expect([count("never"), count("never"), count("neither")]).toEqual([300, 0, 300]);
    }),
  );
});

describe("a lease that was written in place", () => {
  needs(built, reference)("is freed by DEL, as the reference's own tests have it", () => {
    for (const bin of [{}, { bin: REFERENCE }]) {
      using net = pool();
      expect(net.add("dummy", bin)).toEqual(["10.1.2.2"]);
      net.write("10.1.2.2", "dummy");
      expect(net.call("CHECK", "dummy", bin).status).toBe(0);
      expect(net.call("DEL", "dummy", bin)).toMatchObject({ status: 0, stdout: "", stderr: "" });
      expect(net.leases()).toEqual({});
    }
  });

  for (const cp of ["cp", "cp -p"]) {
    test(`by a backup, with ${cp}, is valid for CHECK, and freed by DEL`, () => {
      using net = pool();
      const backup = join(net.root, "backup");
      const results = ["a", "b", "c"].map((id) => net.call("ADD", id).json);
      sh(undefined, "cp", "-a", net.dir, backup);
      for (const id of ["a", "b", "c"]) net.call("DEL", id);
      for (const i of [2, 3, 4]) net.add(`new${i}`, { args: `IP=10.1.2.${i}` });
      sh(undefined, "sh", "-c", `${cp} ${backup}/10.* ${net.dir}`);
      expect(net.call("CHECK", "a").status).toBe(0);
      expect(net.call("CHECK", "b", { conf: { prevResult: results[1] } }).status).toBe(0);
      cniError(net.call("CHECK", "new4"), "Failed to find address added by container new4");
      expect(net.call("DEL", "c").status).toBe(0);
      expect(net.call("DEL", "b", { conf: { prevResult: results[1] } }).status).toBe(0);
      expect(net.leases()).toEqual({ "10.1.2.2": "a\r\neth0" });
      for (const id of ["new2", "a", "a"]) expect(net.call("DEL", id).status).toBe(0);
      expect(net.leases()).toEqual({});
    });
  }
});

describe("indexes of networks that are gone", () => {
  const indexes = (net: Pool) => readdirSync(join(net.root, "index"));
  const named = (name: string) => ({ conf: { name } });
  /** The directory keeps its inode number until the end, so that no other gets it. */
  const remove = (net: Pool, name: string) => {
    const grave = join(net.root, `gone-${name}`);
    sh(undefined, "mv", join(net.dataDir, name), grave);
  };

  test("do not pile up when 50 are made, used and removed", () => {
    using net = pool();
    for (let i = 0; i < 50; i++) {
      const name = `n${i}`;
      net.add("a", named(name));
      net.call("DEL", "a", named(name));
      remove(net, name);
    }
    expect(indexes(net).length).toBeLessThanOrEqual(2);
  });

  test("go, and those of networks that are there stay, as do other files", () => {
    using net = pool();
    for (const name of ["stays", "goes", "replaced", "linked"]) net.add("a", named(name));
    const own = (path: string) => {
      const { dev, ino } = statSync(path);
      return `${dev}-${ino}`;
    };
    const kept = ["stays", "linked"].map((name) => own(join(net.dataDir, name)));
    remove(net, "goes");
    remove(net, "replaced");
    mkdirSync(join(net.dataDir, "replaced"));
    // The same directory by another way is the same directory.
    sh(undefined, "mv", join(net.dataDir, "linked"), join(net.root, "elsewhere"));
    symlinkSync(join(net.root, "elsewhere"), join(net.dataDir, "linked"));
    const dir = join(net.root, "index");
    const others = ["README", "1-2", "3-4.old"];
    for (const name of others) writeFileSync(join(dir, name), "whose?");
    writeFileSync(join(dir, "5-6"), "bix1".padEnd(64 + 512 * 32, "\0"));
    net.add("a", named("new"));
    expect(indexes(net).sort()).toEqual([...kept, own(join(net.dataDir, "new")), ...others].sort());
    for (const name of ["stays", "new"]) expect(net.call("DEL", "a", named(name)).status).toBe(0);
  });

  test("of an older berth are built anew", () => {
    using net = pool();
    net.add("a");
    const path = join(net.root, "index", indexes(net)[0] as string);
    writeFileSync(path, "bix1".padEnd(64 + 512 * 32, "\0"));
    net.add("b");
    for (const id of ["a", "b"]) expect(net.call("DEL", id).status).toBe(0);
    expect(net.leases()).toEqual({});
    expect(readFileSync(path, "latin1").slice(0, 4)).toBe("bix2");
  });

  test("cost nothing but themselves where the directory of all cannot be read", () => {
    using net = pool();
    writeFileSync(join(net.root, "index"), "");
    net.add("a");
    expect(net.call("DEL", "a").status).toBe(0);
    expect(existsSync(join(net.dir, "10.1.2.2"))).toBe(false);
  });
});
