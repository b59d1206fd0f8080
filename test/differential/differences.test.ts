/** Each intended difference is there, has a class, and is written down; and nothing else is. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { built, namespaces, needs, reference } from "../support/needs.ts";
import { CLASSES } from "./classes.ts";
import { compare } from "./compare.ts";
import { describeFailure } from "./report.ts";
import { SHOWN } from "./shown.ts";

const DOCUMENT = readFileSync(join(import.meta.dir, "../../docs/differences.md"), "utf8");
const names = [...new Set(CLASSES.map(({ name }) => name))];

describe("intended difference", () => {
  needs(namespaces, built, reference).each(Object.entries(SHOWN))("%s", (name, one) => {
    const outcome = compare(one);
    expect(describeFailure(one, outcome)).toBe("");
    expect([...outcome.classes]).toContain(name);
  });

  test("every class has a case that shows it and a section in docs/differences.md", () => {
    expect(Object.keys(SHOWN).sort()).toEqual([...names].sort());
    const sections = [...DOCUMENT.matchAll(/^### `([\w-]+)`$/gm)].map(([, name]) => name ?? "");
    expect(sections.sort()).toEqual([...names].sort());
  });
});
