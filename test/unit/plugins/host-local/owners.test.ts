import { describe, expect, test } from "bun:test";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { network, ownedAddresses } from "./network.ts";

/** What a full reading of the leases says: record to addresses. */
function scan(leases: Record<string, string>): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const [name, content] of Object.entries(leases)) {
    const record = content.trim();
    found.set(record, [...(found.get(record) ?? []), name].sort());
  }
  return found;
}

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
              else leased.settled();
            } catch (error) {
              expect(String(error)).toContain("duplicate allocation");
            }
          } else if (one.by === "del") net.del(one.id);
          else if (one.by === "gc") net.gc(ids.filter((other) => other !== one.id).map((other) => `${other}/eth0`));
          else if (one.by === "reference adds" && !exists) net.write(name, `${one.id}\r\neth0`);
          else if (one.by === "reference adds a legacy record" && !exists) net.write(name, `${one.id}\n`);
          else if (one.by === "reference removes" && exists) unlinkSync(net.path(name));
          else if (one.by === "a name that is no address") net.write(`note-${one.id}`, `${one.id}\r\neth0`);
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
            expect([one, ownedAddresses(net.owned(other))]).toEqual([one, own]);
          }
        }
        expect(net.warnings).toEqual([]);
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  test("is what answers: other leases are not read", () => {
    using net = network();
    net.add("a");
    net.write("10.1.2.50", "x\r\neth0");
    expect(net.owned("b")).toEqual([]);
    // Written in place, which changes the lease and not its directory: a reading of all leases would find it.
    net.write("10.1.2.50", "b\r\neth0");
    expect(net.owned("b")).toEqual([]);
    expect(net.owned("x")).toEqual([]);
    net.write("10.1.2.51", "y");
    expect(ownedAddresses(net.owned("b"))).toEqual(["10.1.2.50"]);
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
