import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { built, namespaces, needs, reference } from "../support/needs.ts";
import { cases, compareLists, EXPLAINED, EXPLAINED_IN_WORDS } from "./lists.ts";

/** A sample of `npm run lists`: each main plugin, each way of IPAM, names of their own, the longest chains. */
const SAMPLE = ["01-", "02-", "04-", "09-", "17-", "19-", "20-", "21-", "40-", "41-", "42-", "51-"];

needs(namespaces, built, reference, cases).each(SAMPLE)(
  "the list %s is the same with berth as with the reference",
  (name) => {
    const comparisons = compareLists([name]);
    expect(comparisons.length).toBe(1);
    expect(comparisons[0]).toMatchObject({ unable: false, unexplained: [] });
  },
);

test("what is meant to differ has its section in docs/differences.md", () => {
  const text = readFileSync(join(import.meta.dir, "../../docs/differences.md"), "utf8");
  for (const [, section] of EXPLAINED) expect(text).toContain(`\n### \`${section}\`\n`);
  for (const [, words] of EXPLAINED_IN_WORDS) expect(text).toContain(words);
});
