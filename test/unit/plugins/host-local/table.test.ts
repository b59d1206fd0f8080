import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { formatIp, type Ip, parseIp } from "../../../../src/base/ip.ts";
import { type Hash, hashOf, hashOfContent } from "../../../../src/plugins/host-local/record-hash.ts";
import {
  buildTable,
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
    const table = buildTable(300).write(fd);
    expect(readTable(fd)).toBeUndefined();
    stampTable(table, { sec: 1_700_000_000, nsec: 999_999_999 });
    const read = readTable(fd) as Table;
    expect(read).toEqual({ fd, capacity: 1024, count: 0, stamp: { sec: 1_700_000_000, nsec: 999_999_999 } });
    expect(isWhole(read)).toBe(true);
    sys.truncate(fd, 1000);
    expect(isWhole(read)).toBe(false);
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
        const table = buildTable(0).write(fd);
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
    expect(texts(builder.write(fd), hash)).toEqual(["10.0.0.1", "fd00::1"]);
  });
});

test("isCrowded() is true before the slots run out", () => {
  withFile((fd) => {
    const table = buildTable(0).write(fd);
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
