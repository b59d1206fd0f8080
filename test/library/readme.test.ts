/** The README's example is the one that is tested (package.test.ts). */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "../..");

test("the README's first example is the tested one, in ten lines", () => {
  const block = /```ts\n(.*?)```/s.exec(readFileSync(join(ROOT, "README.md"), "utf8"))?.[1] ?? "";
  expect(block).toBe(readFileSync(join(import.meta.dir, "example.ts"), "utf8"));
  expect(block.split("\n").filter((line) => line !== "").length).toBeLessThanOrEqual(10);
});
