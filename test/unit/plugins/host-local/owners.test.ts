import { describe, expect, test } from "bun:test";
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { refusal } from "../../../support/refusal.ts";
import { type Network, network, ownedAddresses } from "./network.ts";

/** What a full reading of the leases says: record to addresses. */
function scan(leases: Record<string, string>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [name, content] of Object.entries(leases)) {
    const record = content.trim();
    found.set(record, [...(found.get(record) ?? []), name].sort());
  }
  return found;
}

const holds = (net: Network, id: string) =>
  Object.values(net.leases()).some((text) => text.trim().split("\r")[0] === id);

describe("the index of owners", () => {
  const ids = ["a", "b", "c", "d"];
  const id = fc.constantFrom(...ids);
  const last = fc.integer({ min: 2, max: 12 });
  const operation = fc.oneof(
    fc.record({ by: fc.constantFrom("add", "del", "rollback", "gc"), id }),
    fc.record({
      by: fc.constantFrom("reference adds", "reference adds a legacy record", "reference removes"),
      id,
      last,
    }),
    fc.record({ by: fc.constantFrom("somebody writes into a lease", "somebody writes an older record"), id, last }),
    fc.record({
      by: fc.constantFrom("index vanishes", "index is cut", "index is garbage", "a name that is no address"),
      id,
    }),
  );

  test("agrees with a reading of all leases after any mixture of changes", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 30 }), (operations) => {
        using net = network({ ranges: [[{ subnet: "10.1.2.0/27" }]] });
        for (const one of operations) {
          const name = `10.1.2.${"last" in one ? one.last : 0}`;
          const index = () => readdirSync(net.indexDir).map((file) => join(net.indexDir, file));
          const exists = Object.hasOwn(net.leases(), name);
          if (one.by === "add" || one.by === "rollback") {
            try {
              const leased = net.begin(one.id);
              if (one.by === "rollback") leased.rollback();
              else leased.release();
            } catch (error) {
              expect(String(error)).toContain("duplicate allocation");
            }
          } else if (one.by === "del") net.del(one.id);
          else if (one.by === "gc") net.gc(ids.filter((other) => other !== one.id).map((other) => `${other}/eth0`));
          else if (one.by === "reference adds" && !exists) net.write(name, `${one.id}\r\neth0`);
          else if (one.by === "reference adds a legacy record" && !exists) net.write(name, `${one.id}\n`);
          else if (one.by === "reference removes" && exists) unlinkSync(net.path(name));
          else if (one.by.startsWith("somebody") && exists && !holds(net, one.id)) {
            net.write(name, one.by.endsWith("older record") ? one.id : `${one.id}\r\neth0`);
          } else if (one.by === "a name that is no address") net.write(`note-${one.id}`, `${one.id}\r\neth0`);
          else if (one.by.startsWith("index")) {
            mkdirSync(net.indexDir, { recursive: true });
            for (const file of index()) {
              if (one.by === "index vanishes") unlinkSync(file);
              else if (one.by === "index is cut") truncateSync(file, 100);
              else writeFileSync(file, "garbage".repeat(50));
            }
          }
          const leases = Object.fromEntries(Object.entries(net.leases()).filter(([file]) => !file.startsWith("note")));
          const expected = scan(leases);
          for (const other of ids) {
            const own = expected.get(`${other}\r\neth0`) ?? expected.get(other) ?? [];
            const ips = own.map((address) => ({ address: `${address}/27` }));
            for (const conf of [{ prevResult: { ips } }, {}]) {
              expect([one, ownedAddresses(net.owned(other, { conf }))]).toEqual([one, own]);
            }
          }
        }
        expect(net.warnings).toEqual([]);
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  test("answers who is not there as well, until somebody else changes the directory", () => {
    using net = network();
    net.add("a");
    net.write("10.1.2.50", "x\r\neth0");
    expect(net.owned("b")).toEqual([]);
    net.write("10.1.2.51", "b\r\neth0");
    expect(ownedAddresses(net.owned("b"))).toEqual(["10.1.2.51"]);
  });

  test("lies outside of the lease directory, for root alone, and empty of what is not needed", () => {
    using net = network();
    net.add("a");
    const { dev, ino } = statSync(net.dir);
    expect(readdirSync(net.indexDir)).toEqual([`${dev}-${ino}`]);
    expect((statSync(net.indexDir).mode & 0o777).toString(8)).toBe("700");
    expect((statSync(join(net.indexDir, `${dev}-${ino}`)).mode & 0o777).toString(8)).toBe("600");
  });

  test("gives every change another time of the directory, of the past", () => {
    using net = network();
    const times = new Set<bigint>();
    for (let i = 0; i < 40; i++) {
      net.add(`c${i}`);
      const { mtimeNs } = statSync(net.dir, { bigint: true });
      expect(Number(BigInt(Date.now()) - mtimeNs / 1_000_000n)).toBeGreaterThan(900);
      times.add(mtimeNs);
    }
    expect(times.size).toBe(40);
  });

  test("holds more leases than it was first made for", () => {
    using net = network({ ranges: [[{ subnet: "10.1.0.0/16" }]] });
    net.add("first");
    const path = join(net.indexDir, readdirSync(net.indexDir)[0] as string);
    const small = readFileSync(path).length;
    for (let i = 0; i < 900; i++)
      net.write(`10.1.9.${i % 250}`.replace(".9.", `.${9 + Math.floor(i / 250)}.`), `w${i}\r\neth0`);
    for (let i = 0; i < 5; i++) net.add(`c${i}`);
    expect(readFileSync(path).length).toBeGreaterThan(small);
    expect(net.owned("c4").length).toBe(1);
    expect(ownedAddresses(net.owned("w899"))).toEqual(["10.1.12.149"]);
  });

  test("is of one directory: a new one under the same name starts anew", () => {
    using net = network();
    net.add("a");
    rmSync(net.dir, { recursive: true });
    expect(net.owned("a")).toEqual([]);
    expect(net.add("a")).toEqual(["10.1.2.2/24"]);
  });
});

describe("a lease that was written in place", () => {
  const prevResult = (...addresses: string[]) => ({
    conf: { prevResult: { ips: addresses.map((address) => ({ address: `${address}/24` })) } },
  });

  test.each([
    ["a", "a container that it names alone"],
    [" a\n", "a container, with white space"],
  ])("over its own is found by DEL: %j", (content) => {
    using net = network();
    net.add("a");
    net.add("b");
    net.write("10.1.2.2", content);
    net.check("a");
    net.del("a");
    expect(net.leases()).toEqual({ "10.1.2.3": "b\r\neth0" });
  });

  test("over another's is found by whoever asks for the first time", () => {
    using net = network();
    for (const id of ["a", "b"]) net.add(id);
    net.write("10.1.2.2", "x\r\neth0");
    net.write("10.1.2.3", "y");
    net.check("x");
    net.check("y");
    expect(refusal(() => net.check("a")).message).toContain("Failed to find address added by container a");
    for (const id of ["x", "a", "y", "b"]) net.del(id);
    expect(net.leases()).toEqual({});
  });

  test("is found where the released one was, and where prevResult says", () => {
    using net = network();
    for (const id of ["a", "b"]) net.add(id);
    for (const id of ["a", "b"]) net.del(id);
    for (const [id, ip] of [
      ["c", "10.1.2.2"],
      ["d", "10.1.2.3"],
    ] as const)
      net.add(id, { args: `IP=${ip}` });
    net.write("10.1.2.2", "a\r\neth0");
    net.write("10.1.2.3", "z\r\neth0");
    net.check("a");
    net.del("z");
    net.del("a");
    expect(net.leases()).toEqual({});
    // Nothing is known of z but that it had none at all when it was asked for.
    net.add("e", { args: "IP=10.1.2.9" });
    net.del("z");
    net.write("10.1.2.9", "z\r\neth0");
    net.check("z", prevResult("10.1.2.9"));
    net.del("z", prevResult("10.1.2.9"));
    expect(net.leases()).toEqual({});
  });

  test("does not make an ADD give its address away", () => {
    using net = network();
    net.add("a");
    net.write("10.1.2.2", "x\r\neth0");
    expect(net.add("b", { args: "IgnoreUnknown=1" })).toEqual(["10.1.2.3/24"]);
    expect(refusal(() => net.add("c", { args: "IP=10.1.2.2" })).details).toContain("leased to x eth0");
    // An index that is seen to be wrong is built anew, also by ADD.
    expect(net.add("a")).toEqual(["10.1.2.4/24"]);
    expect(refusal(() => net.add("x")).message).toContain("duplicate allocation");
  });

  test.each([false, true])("by a backup that is copied over the files is as good as any (cp -p: %p)", (preserve) => {
    using net = network({ ranges: [[{ subnet: "10.1.2.0/29" }]] });
    const ids = ["a", "b", "c", "d"];
    for (const id of ids) net.add(id);
    const backup = join(net.root, "backup");
    cpSync(net.dir, backup, { recursive: true, preserveTimestamps: true });
    for (const id of ids) net.del(id);
    for (const id of ["e", "f", "g", "h", "i"]) net.add(id);
    const restored = Object.keys(net.leases()).filter((name) => name !== "10.1.2.6");
    for (const name of restored) {
      copyFileSync(join(backup, name), net.path(name));
      const { atimeMs, mtimeMs } = statSync(join(backup, name));
      if (preserve) utimesSync(net.path(name), atimeMs / 1000, mtimeMs / 1000);
    }
    for (const id of ids) net.check(id);
    for (const id of ["b", "a"]) net.check(id, prevResult(id === "a" ? "10.1.2.2" : "10.1.2.3"));
    for (const id of ids) net.del(id);
    expect(Object.keys(net.leases())).toEqual(["10.1.2.6"]);
    for (const id of ids) net.del(id);
    for (const id of ids) net.add(id);
    expect(Object.keys(net.leases()).length).toBe(5);
  });
});
