import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { shelfAt } from "../../../../src/service/bun/shelf.ts";

const place = mkdtempSync(join(tmpdir(), "berth-shelf-"));
afterAll(() => rmSync(place, { recursive: true }));

test("files are there whole, in a directory that is made for them, and go again", () => {
  const shelf = shelfAt(join(place, "a/b"));
  expect(shelf.read("x.json")).toBeUndefined();
  shelf.write([
    ["x.json", "1"],
    ["y.json", "2"],
  ]);
  expect([readdirSync(shelf.path).sort(), shelf.read("y.json")]).toEqual([["x.json", "y.json"], "2"]);
  expect(statSync(join(shelf.path, "x.json")).mode & 0o777).toBe(0o644);
  shelf.remove(["x.json", "none.json"]);
  expect(readdirSync(shelf.path)).toEqual(["y.json"]);
});

test("where one cannot be written none is, and what is wrong is said", () => {
  const shelf = shelfAt(join(place, "c"));
  shelf.write([["x.json", "1"]]);
  const long = `${"y".repeat(300)}.json`;
  expect(() =>
    shelf.write([
      ["x.json", "2"],
      [long, ""],
    ]),
  ).toThrow("ENAMETOOLONG");
  expect([readdirSync(shelf.path), shelf.read("x.json")]).toEqual([["x.json"], "1"]);
  writeFileSync(join(place, "file"), "");
  expect(() => shelfAt(join(place, "file")).write([["x.json", ""]])).toThrow(/EEXIST|ENOTDIR/);
  mkdirSync(join(place, "d/x.json/inner"), { recursive: true });
  expect(() => shelfAt(join(place, "d")).write([["x.json", ""]])).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
  expect(readdirSync(join(place, "d"))).toEqual(["x.json"]);
});
