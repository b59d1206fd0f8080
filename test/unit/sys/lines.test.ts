/** Against the source map itself, as Node's reader of source maps has it. */

import { describe, expect, test } from "bun:test";
import { SourceMap } from "node:module";
import { join, relative } from "node:path";
import { build } from "esbuild";
// @ts-expect-error: a script of the build, without types
import { lineTable } from "../../../scripts/line-table.mjs";
import { originalStack } from "../../../src/sys/lines.ts";

const ROOT = join(import.meta.dir, "../../..");
const OUT = join(ROOT, "build/bundles");

const rename = (source: string): string => relative(ROOT, join(OUT, source));

const { outputFiles } = await build({
  absWorkingDir: ROOT,
  entryPoints: { bridge: "src/plugins/bridge/plan.ts", args: "src/spec/args.ts" },
  outdir: OUT,
  bundle: true,
  splitting: true,
  write: false,
  format: "esm",
  external: ["#sys"],
  sourcemap: "external",
});

const text = (name: string): string => outputFiles.find(({ path }) => path === join(OUT, name))?.text ?? "";
const names = outputFiles.map(({ path }) => relative(OUT, path)).filter((path) => path.endsWith(".js"));
const mapOf = (name: string) => JSON.parse(text(`${name}.map`));
const TABLE = names.map((name) => lineTable(name, text(name), mapOf(name), rename)).join("");

/** What the map says of the generated lines that it has, by number, from 1. */
function* mapped(name: string): Generator<[line: number, place: string]> {
  const map = new SourceMap(mapOf(name));
  for (const [index, line] of text(name).split("\n").entries()) {
    const entry = map.findEntry(index, line.search(/\S/));
    if (!("generatedLine" in entry) || entry.generatedLine !== index) continue;
    yield [index + 1, `${rename(entry.originalSource)}:${entry.originalLine + 1}`];
  }
}

describe("originalStack()", () => {
  test("names the line that the source map has, of each line of each file", () => {
    expect(names.length).toBeGreaterThan(2);
    let count = 0;
    for (const name of names) {
      for (const [line, place] of mapped(name)) {
        count += 1;
        expect(`${name}:${line} ${originalStack(`at f (${name}:${line}:7)`, TABLE)}`).toBe(
          `${name}:${line} at f (${place})`,
        );
      }
    }
    expect(count).toBeGreaterThan(500);
  });

  test("takes lines without a source of their own for the line before, and a name without a folder for its neighbour", () => {
    // Two lines passed over; then the lines 6 and 7 of x.ts. One more passed over; then the first of y.ts.
    const table = "=a.js\nsrc/one/x.ts 4:2\ny.ts 200\n";
    expect(originalStack("a.js:2 a.js:3 a.js:4 a.js:5 a.js:6 a.js:9", table)).toBe(
      "a.js:2 src/one/x.ts:6 src/one/x.ts:7 src/one/x.ts:7 src/one/y.ts:1 src/one/y.ts:1",
    );
  });

  test("leaves alone what no table knows", () => {
    const stack = "at f (native)\n at g (other.js:3:4)\n at h (tool.js)";
    expect(originalStack(stack, TABLE)).toBe(stack);
  });
});
