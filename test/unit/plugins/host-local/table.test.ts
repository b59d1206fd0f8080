import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { formatIp, type Ip, parseIp } from "../../../../src/base/ip.ts";
import { type Hash, hashOf, hashOfContent } from "../../../../src/plugins/host-local/record-hash.ts";
import { RELEASED_END, recall, remember } from "../../../../src/plugins/host-local/released.ts";
import {
  buildTable,
  directoryOfIndex,
  enter,
  isCrowded,
  isWhole,
  lookUp,
  readTable,
  stampTable,
  strike,
  type Table,
} from "../../../../src/plugins/host-local/table.ts";
import * as sys from "../../../../src/sys/bun/sys.ts";
import { O } from "../../../../src/sys/flags.ts";

function withFile(fn: (fd: number) => void): void {
  const dir = mkdtempSync(join(tmpdir(), "berth-table-"));
  const fd = sys.open(join(dir, "index"), O.RDWR | O.CREAT, 0o600);
  try {
    fn(fd);
  } finally {
    sys.close(fd);
    rmSync(dir, { recursive: true });
  }
}

const ip = (n: number) => parseIp(`10.0.${n >> 8}.${n & 255}`) as Ip;
const texts = (table: Table, hash: Hash) => lookUp(table, hash).map(formatIp).sort();

test("readTable() gives back what was stamped, and nothing for another file", () => {
  withFile((fd) => {
    expect(readTable(fd)).toBeUndefined();
    const table = buildTable(300).write(fd, "/var/lib/cni/networks/net");
    expect(readTable(fd)?.stamp).toEqual({ sec: 0, nsec: 0xffffffff });
    stampTable(table, { sec: 1_700_000_000, nsec: 999_999_999 });
    const read = readTable(fd) as Table;
    expect(read).toEqual({ fd, capacity: 1024, count: 0, stamp: { sec: 1_700_000_000, nsec: 999_999_999 } });
    expect(isWhole(read)).toBe(true);
    sys.truncate(fd, 1000);
    expect(isWhole(read)).toBe(false);
  });
});

test("a table that is built anew keeps what was released, and says so of no directory until it is stamped", () => {
  withFile((fd) => {
    const table = buildTable(3000).write(fd, "/var/lib/cni/networks/net");
    stampTable(table, { sec: 1_700_000_000, nsec: 5 });
    remember(fd, hashOf("a\r\neth0"), ip(7));
    const built = buildTable(3).write(fd, "/var/lib/cni/networks/net");
    expect(isWhole(built)).toBe(true);
    expect(readTable(fd)).toEqual({ ...built, capacity: 512, stamp: { sec: 0, nsec: 0xffffffff } });
    expect(recall(fd, hashOf("a\r\neth0"))?.map(formatIp)).toEqual(["10.0.0.7"]);
  });
});

test("directoryOfIndex() tells the directory, and what is an index of no known one", () => {
  const long = `/${"x".repeat(4100)}`;
  const found = ["/var/lib/cni/networks/net", "/v\u00e4r", "relative/net", long].map((directory) => {
    let said: string | undefined;
    withFile((fd) => {
      buildTable(0).write(fd, "/a/longer/one/that/was/there/before");
      buildTable(0).write(fd, directory);
      said = directoryOfIndex(fd);
    });
    return said;
  });
  expect(found).toEqual(["/var/lib/cni/networks/net", "/v\u00e4r", undefined, undefined]);
  withFile((fd) => {
    expect(directoryOfIndex(fd)).toBeUndefined();
    sys.write(fd, "bix1".padEnd(64, "\0"));
    expect([directoryOfIndex(fd), readTable(fd)]).toEqual(["older", undefined]);
    buildTable(0).write(fd, "/net");
    expect([directoryOfIndex(fd), recall(fd, hashOf("a"))]).toEqual(["/net", undefined]);
    sys.pwrite(fd, new TextEncoder().encode("garbage"), 0);
    expect(directoryOfIndex(fd)).toBeUndefined();
  });
});

describe("what was released", () => {
  const remembered = (fd: number, record: string) => recall(fd, hashOf(record))?.map(formatIp);

  test("is known by record, the latest two addresses, and no others'", () => {
    withFile((fd) => {
      expect(remembered(fd, "a")).toBeUndefined();
      remember(fd, hashOf("none"), undefined);
      for (const n of [1, 2, 2, 3, 2]) remember(fd, hashOf("a"), ip(n));
      expect([remembered(fd, "none"), remembered(fd, "a"), remembered(fd, "b")]).toEqual([
        [],
        ["10.0.0.2", "10.0.0.3"],
        undefined,
      ]);
      remember(fd, hashOf("none"), ip(9));
      expect(remembered(fd, "none")).toEqual(["10.0.0.9"]);
    });
  });

  test("is the latest few hundred, in a file that grows no further", () => {
    withFile((fd) => {
      const record = (n: number) => `${"0123456789abcdef".repeat(4)}${n}\r\neth0`;
      for (let n = 0; n < 3000; n++) remember(fd, hashOf(record(n)), ip(n));
      const known = Array.from({ length: 3000 }, (_, n) => n).filter((n) => remembered(fd, record(n)) !== undefined);
      expect(known.filter((n) => n >= 2700).length).toBe(300);
      expect(known.length).toBeWithin(1500, 2049);
      expect(sys.fstat(fd).size).toBeLessThanOrEqual(RELEASED_END);
    });
  });
});

test("enter() and strike() behave as a multimap, however the slots collide", () => {
  const operation = fc.record({
    remove: fc.boolean(),
    home: fc.constantFrom(0, 1, 2, 508, 510, 511),
    owner: fc.nat(3),
    ip: fc.nat(40),
  });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 120 }), (operations) => {
      withFile((fd) => {
        const table = buildTable(0).write(fd, "/var/lib/cni/networks/net");
        const model = new Map<string, { hash: Hash; ips: Set<string> }>();
        for (const { remove, home, owner, ip: n } of operations) {
          const hash = { home, check: owner };
          const entry = model.get(`${home} ${owner}`) ?? { hash, ips: new Set() };
          model.set(`${home} ${owner}`, entry);
          const address = formatIp(ip(n));
          if (remove) {
            strike(table, hash, ip(n));
            entry.ips.delete(address);
          } else if (!entry.ips.has(address)) {
            enter(table, hash, ip(n));
            entry.ips.add(address);
          }
        }
        let total = 0;
        for (const { hash, ips } of model.values()) {
          expect(texts(table, hash)).toEqual([...ips].sort());
          total += ips.size;
        }
        expect(table.count).toBe(total);
      });
    }),
    { numRuns: 60 },
  );
});

test("buildTable() holds addresses of both families", () => {
  withFile((fd) => {
    const builder = buildTable(2);
    const hash = hashOf("cid\r\neth0");
    builder.add(hash, parseIp("10.0.0.1") as Ip);
    builder.add(hash, parseIp("fd00::1") as Ip);
    expect(texts(builder.write(fd, "/var/lib/cni/networks/net"), hash)).toEqual(["10.0.0.1", "fd00::1"]);
  });
});

test("isCrowded() is true before the slots run out", () => {
  withFile((fd) => {
    const table = buildTable(0).write(fd, "/var/lib/cni/networks/net");
    let entered = 0;
    for (; !isCrowded(table); entered++) enter(table, hashOf(`cid-${entered}\r\neth0`), ip(entered));
    expect(entered).toBeGreaterThan(256);
    expect(entered).toBeLessThan(512);
    for (let i = 0; i < entered; i++) expect(texts(table, hashOf(`cid-${i}\r\neth0`))).toContain(formatIp(ip(i)));
  });
});

test("hashOf() spreads names that differ in one digit", () => {
  const homes = new Set(Array.from({ length: 512 }, (_, i) => hashOf(`container-${i}\r\neth0`).home & 1023));
  expect(homes.size).toBeGreaterThan(350);
});

test("hashOfContent() is the hash of the trimmed record, whatever the bytes", () => {
  const space = fc.constantFrom("", " ", "\n", "\r\n", "\t ", "\u00a0", "\ufeff");
  fc.assert(
    fc.property(space, fc.string({ unit: "binary" }), space, (before, text, after) => {
      const content = before + text + after;
      const bytes = new TextEncoder().encode(content);
      expect(hashOfContent(bytes)).toMatchObject({
        ...hashOf(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes).trim()),
      });
    }),
  );
});
