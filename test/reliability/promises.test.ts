/** That the map of promises in docs/reliability.md leads to tests that exist. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROWS } from "./rows.ts";

const TESTS = join(import.meta.dir, "..");
const [, map = ""] = readFileSync(join(TESTS, "../docs/reliability.md"), "utf8").split(
  "## Which test holds which promise",
);
const FILES = [...map.matchAll(/`([\w/.-]+\.ts)`((?:[ ,]+"[^"]+")*)/g)].map(([, file = "", names = ""]) => ({
  file,
  names: [...names.matchAll(/"([^"]+)"/g)].map(([, name = ""]) => name),
}));

test("every test that docs/reliability.md names is there", () => {
  expect(FILES.length).toBeGreaterThan(60);
  const missing = FILES.flatMap(({ file, names }) => {
    const path = join(TESTS, file);
    const text = existsSync(path) ? readFileSync(path, "utf8") : undefined;
    if (text === undefined) return [file];
    return names.filter((name) => !text.includes(name)).map((name) => `${file}: ${name}`);
  });
  expect(missing).toEqual([]);
});

test("every row of the figures that it names is there", () => {
  const named = [...map.matchAll(/`((?:kill|term|error|lasting|soak|fuzz)[a-z-]*\*?)`/g)].map(([, name = ""]) => name);
  const known = (name: string) =>
    ROWS.some(({ id }) => (name.endsWith("*") ? id.startsWith(name.slice(0, -1)) : id === name));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !known(name))).toEqual([]);
});

test("it has every row from 1 to 42", () => {
  const rows = [...map.matchAll(/^\| (\d+)\. /gm)].map(([, number]) => Number(number));
  expect(new Set(rows.slice(-42))).toEqual(new Set(Array.from({ length: 42 }, (_, i) => i + 1)));
});
