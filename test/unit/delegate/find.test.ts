import { expect, test } from "bun:test";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { find } from "../../../src/delegate/find.ts";
import { executables } from "../../support/executables.ts";
import { growth, LINEAR } from "../../support/growth.ts";
import { refusal, refusalOf } from "../../support/refusal.ts";

test("find() takes the first regular file, links followed, whether executable or not", () => {
  using a = executables();
  using b = executables();
  mkdirSync(join(a.dir, "dir"));
  writeFileSync(join(b.dir, "dir"), "");
  const link = b.self("link");
  expect(find("dir", ["/nowhere", a.dir, b.dir]).path).toBe(join(b.dir, "dir"));
  expect(find("link", [`${a.dir}/`, `${b.dir}/`])).toMatchObject({
    path: link,
    file: { id: `${statSync(link).dev}-${statSync(link).ino}` },
  });
});

test("find() names the directories when there is none", () => {
  expect(refusalOf(() => find("host-local", ["/no", "/where"]))).toEqual([
    7,
    'failed to find plugin "host-local" in path [/no /where]',
  ]);
});

test.each([
  ["", ["/a"], "no plugin name provided"],
  ["a/b", ["/a"], "invalid plugin name: a/b"],
  ["a", [], "no paths provided"],
])("find() refuses %p in %p", (type, paths, message) => {
  expect(refusalOf(() => find(type, paths))).toEqual([7, message]);
});

test("find() looks at each character of a directory's name once", () => {
  const slashes = (size: number) => [`/nowhere${"/".repeat(size)}x${"/".repeat(size)}`];
  expect(growth(4000, (size) => refusal(() => find("bridge", slashes(size))))).toBeLessThan(LINEAR);
});
