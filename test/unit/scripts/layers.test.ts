import { expect, test } from "bun:test";
import { foldersOf, reduced, rowsOf } from "../../../scripts/layers/folders.ts";
import { layout } from "../../../scripts/layers/layout.ts";
import { picture } from "../../../scripts/layers/picture.ts";
import { PURPOSES, unexplained } from "../../../scripts/layers/purposes.ts";

/** main → cli → host → wire → base, and shortcuts; spec is two rows below the only one that imports it. */
const HOUSE = new Map([
  ["base", []],
  ["cli.ts", ["base", "host"]],
  ["host", ["base", "wire"]],
  ["main.ts", ["base", "cli.ts", "host"]],
  ["service", ["wire"]],
  ["wire", ["base"]],
]);

test("foldersOf() joins the imports of files by folder, without packages and a folder's own", () => {
  const edges = [
    { from: "src/host/a.ts", to: "src/base/ip.ts" },
    { from: "src/host/b.ts", to: "src/base/mac.ts" },
    { from: "src/host/b.ts", to: "src/host/a.ts" },
    { from: "src/host/b.ts", to: "zod" },
    { from: "src/main.ts", to: "src/host/a.ts" },
  ];
  const files = ["src/host/a.ts", "src/host/b.ts", "src/main.ts", "src/base/ip.ts", "src/base/mac.ts"];
  const folders = foldersOf(files, edges, (file) => file.split("/")[1] ?? "");
  expect([...folders]).toEqual([
    ["base", []],
    ["host", ["base"]],
    ["main.ts", ["host"]],
  ]);
});

test("reduced() leaves out what another way leads to", () => {
  expect(Object.fromEntries(reduced(HOUSE))).toEqual({
    "main.ts": ["cli.ts"],
    "cli.ts": ["host"],
    host: ["wire"],
    service: ["wire"],
    wire: ["base"],
    base: [],
  });
});

test("rowsOf() puts a folder below its importers, and one without importers above what it imports", () => {
  expect(Object.fromEntries(rowsOf(HOUSE))).toEqual({
    "main.ts": 0,
    "cli.ts": 1,
    host: 2,
    service: 2,
    wire: 3,
    base: 4,
  });
});

test("layout() keeps the boxes of a row apart, and joins lanes to one folder", () => {
  const folders = new Map([
    ["a", ["b", "far"]],
    ["b", ["c", "d"]],
    ["c", ["far"]],
    ["d", ["far"]],
    ["e", ["b", "far"]],
    ["far", []],
  ]);
  const { rows, lines } = layout(folders, folders, { box: 100, lane: 10 });
  expect(rows.map((row) => row.map(({ folder }) => folder).sort())).toEqual([
    ["a", "e"],
    ["b", "far"],
    ["c", "d", "far"],
    ["far"],
  ]);
  for (const row of rows) {
    for (const [at, spot] of row.slice(1).entries()) {
      const least = (spot.lane ? 5 : 50) + (row[at]?.lane ? 5 : 50);
      expect(spot.x - (row[at]?.x ?? 0)).toBeGreaterThanOrEqual(least - 1e-6);
    }
  }
  expect(lines.filter(({ to }) => to.folder === "far")).toHaveLength(6); // a and e, two pieces, c and d
});

test("picture() names each folder, its purpose and its imports, the same way each time", () => {
  const svg = picture(HOUSE);
  expect(svg).toContain(">host/</text>");
  expect(svg).toContain(">main.ts</text>");
  expect(svg).toContain(">imports base, wire</text>");
  expect(svg).toContain(">imports nothing</text>");
  expect(picture(new Map(HOUSE))).toBe(svg);
});

test("unexplained() finds folders without a purpose", () => {
  expect(unexplained(["base", "misc"])).toEqual(["misc"]);
  expect(unexplained(["base"], { base: "" })).toEqual(["base"]);
});

test("a purpose is one line, of the picture's box and of the table", () => {
  for (const purpose of Object.values(PURPOSES)) expect(purpose).toMatch(/^[^|\n]{10,80}$/);
});
