/** Packed elements against the same as objects: the bytes asked of the kernel, and what is read of its answer. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Client } from "../../../src/netlink/client.ts";
import { elementKeys, elements } from "../../../src/nft/bodies.ts";
import { listPacked } from "../../../src/nft/find-packed.ts";
import type { NftSet } from "../../../src/nft/objects.ts";
import { Packed, packed, packedCommands, packedKeys } from "../../../src/nft/packed.ts";
import { writeHeader } from "../../../src/nft/tables.ts";
import { Reader, Writer } from "../../../src/wire/cursor.ts";

const SCOPE = { family: "ip", table: "t" } as const;
const SETS: NftSet[] = [
  { kind: "set", name: "a", type: ["ipv4_addr", "inet_proto", "inet_service"], data: ["mark"] },
  { kind: "set", name: "b", type: ["mark"], data: ["ipv6_addr", "inet_service"] },
  { kind: "set", name: "c", type: "ipv4_addr" },
];

const bytes = (size: number) => fc.uint8Array({ minLength: size, maxLength: size });
const some = fc.constantFrom(...SETS).chain((set) => {
  const { keySize, dataSize } = new Packed(set);
  return fc.tuple(
    fc.constant(set),
    fc.array(fc.tuple(bytes(keySize), bytes(dataSize)), { minLength: 1, maxLength: 9 }),
  );
});

function packedOf(set: NftSet, items: readonly (readonly [Uint8Array, Uint8Array])[]): Packed {
  const all = new Packed(set);
  for (const [key, data] of items) {
    const at = all.push();
    all.bytes.set(key, at);
    all.bytes.set(data, at + all.keySize);
  }
  return all;
}

const written = (write: (w: Writer) => void) => {
  const w = new Writer();
  write(w);
  return [...w.finish()];
};

test("are the bytes that elements as objects are", () => {
  fc.assert(
    fc.property(some, ([set, items]) => {
      const all = packedOf(set, items);
      const object = { kind: "packed", packed: all, from: 0, to: all.count } as const;
      const list = items.map(([key, data]) => ({ key, ...(set.data && { data }) }));
      const same = { kind: "elements", set, elements: list } as const;
      expect(written((w) => packed(w, SCOPE, object))).toEqual(written((w) => elements(w, SCOPE, same)));
      expect(written((w) => packedKeys(w, SCOPE, object))).toEqual(written((w) => elementKeys(w, SCOPE, same)));
    }),
  );
});

test("are read as they were written", () => {
  fc.assert(
    fc.property(some, ([set, items]) => {
      const all = packedOf(set, items);
      const message = Uint8Array.from(
        written((w) => {
          writeHeader(w, "ip");
          packed(w, SCOPE, { kind: "packed", packed: all, from: 0, to: all.count });
        }),
      );
      const client = {
        dump: (question: { read(message: unknown, object: unknown): void }, object: unknown) =>
          question.read({ body: new Reader(message) }, object),
      } as unknown as Client;
      const read = listPacked(client, "ip", "t", set);
      expect(read.count).toBe(items.length);
      expect([...read.bytes.subarray(0, read.count * read.size)]).toEqual([
        ...all.bytes.subarray(0, all.count * all.size),
      ]);
    }),
  );
});

test("that are not of their set's size are refused", () => {
  const [set] = SETS as [NftSet];
  const other = packedOf({ ...set, data: ["mark", "mark"] }, [[new Uint8Array(12), new Uint8Array(8)]]);
  const message = Uint8Array.from(
    written((w) => {
      writeHeader(w, "ip");
      packed(w, SCOPE, { kind: "packed", packed: other, from: 0, to: 1 });
    }),
  );
  const client = {
    dump: (question: { read(message: unknown, object: unknown): void }, object: unknown) =>
      question.read({ body: new Reader(message) }, object),
  } as unknown as Client;
  expect(() => listPacked(client, "ip", "t", set)).toThrow("an element has 8 bytes where its set has 4");
});

test("are commands of at most 64 KiB", () => {
  const all = new Packed(SETS[1] as NftSet);
  for (let i = 0; i < 5000; i++) all.push();
  const commands = [...packedCommands(all)];
  expect(commands.map(({ from, to }) => [from, to]).at(-1)?.[1]).toBe(5000);
  for (const command of commands) expect(written((w) => packed(w, SCOPE, command)).length).toBeLessThan(65_600);
});
