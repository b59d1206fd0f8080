import { expect, test } from "bun:test";
import { clean, directoryOf, extensionOf, join } from "../../../../src/invoke/go/path.ts";
import { quoteGo } from "../../../../src/invoke/go/quote.ts";

test("clean() gives the shortest path that means the same", () => {
  const cases = { "/a//b/./c/..": "/a/b", "../a/../..": "../..", "/..": "/", "": ".", "a/": "a", ".": ".", "//": "/" };
  for (const [path, wanted] of Object.entries(cases)) expect(clean(path)).toBe(wanted);
});

test("join(), directoryOf() and extensionOf() are Go's", () => {
  expect(join("", "a", "", "../b")).toBe("b");
  expect(join("", "")).toBe("");
  expect(["/a/b.conf", "b", "/b", "a/b/"].map(directoryOf)).toEqual(["/a", ".", "/", "a/b"]);
  expect(["a.conflist", "a.b.conf", ".conf", "a", "a.b/c"].map(extensionOf)).toEqual([
    ".conflist",
    ".conf",
    ".conf",
    "",
    "",
  ]);
});

test("quoteGo() escapes what cannot be printed as %q does", () => {
  expect(quoteGo('a"\\\n\t\x07\x1b\x7f\u00a0é\u2028\u{1f600}\u{e0001}')).toBe(
    '"a\\"\\\\\\n\\t\\a\\x1b\\x7f\\u00a0é\\u2028\u{1f600}\\U000e0001"',
  );
});
