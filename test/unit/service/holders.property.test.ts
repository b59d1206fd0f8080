/** Which file's object counts, whatever files came, changed and went before. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { Holders } from "../../../src/service/sources/holders.ts";
import type { PackedRecord } from "../../../src/service/store/packed.ts";

const record = fc
  .tuple(fc.constantFrom("service" as const, "slice" as const), fc.constantFrom("d/a", "d/b", "d/c"), fc.nat(3))
  .map(([kind, key, text]): PackedRecord => ({ kind, key, service: "d/a", since: 0, text: `${text}` }));
const step = fc.tuple(fc.constantFrom("a.json", "b.json", "c.json"), fc.array(record, { maxLength: 4 }));

/** What counts of all that the files have, worked out from nothing. */
function union(files: ReadonlyMap<string, readonly PackedRecord[]>): Map<string, PackedRecord> {
  const counts = new Map<string, PackedRecord>();
  for (const [, records] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const own = new Map(records.map((one) => [`${one.kind} ${one.key}`, one]));
    for (const [id, one] of own) if (!counts.has(id)) counts.set(id, one);
  }
  return counts;
}

test("the first by name counts, what changes is told of, and the others are said to be shadowed", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const files = new Map<string, readonly PackedRecord[]>();
      const holders = new Holders(() => files);
      let before = union(files);
      for (const [file, records] of steps) {
        const touched = holders.change(file, files.get(file) ?? [], records);
        files.set(file, records);
        const now = union(files);
        const held = [...holders.records()].map((one): [string, PackedRecord] => [`${one.kind} ${one.key}`, one]);
        expect(new Map(held)).toEqual(now);
        const ids = new Set(touched.map(({ kind, key }) => `${kind} ${key}`));
        for (const id of new Set([...before.keys(), ...now.keys()]))
          if (before.get(id) !== now.get(id)) expect(ids.has(id)).toBe(true);
        for (const [name, own] of files) {
          const shadowed = [...holders.shadowed(name, own)].map(({ of }) => of as PackedRecord);
          const wanted = own.filter(
            (one) => files.get(name) && !own.includes(now.get(`${one.kind} ${one.key}`) as never),
          );
          for (const one of shadowed) expect(wanted).toContain(one);
        }
        before = now;
      }
    }),
    { numRuns: 200 },
  );
});
