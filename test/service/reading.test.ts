/** A large file is read by a thread of its own, and says the same. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readingOf } from "../../src/service/bun/reading.ts";
import { readFile } from "../../src/service/sources/read-file.ts";
import { serviceObject, sliceObject } from "../support/service/objects.ts";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "berth-reading-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

const SERVICES = 600;
const all = () =>
  Array.from({ length: SERVICES }, (_, i) => [serviceObject(`s${i}`), sliceObject(`s${i}`, ["10.1.0.1"])]).flat();

function written(name: string, items: unknown[]): { path: string; size: number } {
  const path = join(dir, name);
  const text = JSON.stringify({ kind: "List", items }, undefined, 2);
  writeFileSync(path, text);
  return { path, size: text.length };
}

test("with the records that it has", async () => {
  const { path, size } = written("whole.json", all());
  expect(size).toBeGreaterThan(1 << 18);
  const reading = readingOf(path, size);
  expect(reading).toBeInstanceOf(Promise);
  const { records, problems } = await reading;
  expect(problems).toEqual([]);
  expect(records).toHaveLength(2 * SERVICES);
  expect(records).toEqual([...readFile(readFileSync(path, "utf8"), path).records]);
});

test("with what is wrong, and then no records", async () => {
  const { path, size } = written("broken.json", [
    ...all(),
    { kind: "Service", metadata: { name: "Bad Name" }, spec: { clusterIP: "None" } },
  ]);
  expect(await readingOf(path, size)).toEqual({
    records: [],
    problems: [
      `${path}: items[${2 * SERVICES}]: Service default/Bad Name: metadata.name: "Bad Name": expected at most 63 small letters, digits and - within`,
    ],
  });
});

test("or fails where it cannot be read", async () => {
  const path = join(dir, "absent.json");
  await expect(Promise.resolve(readingOf(path, 1 << 20))).rejects.toThrow("ENOENT");
});
