/**
 * `npm run runtimes [-- WORD…]`: tries the rows whose id contains a word, all without any, with berth's plugins and with the
 * reference's, and puts them into docs/runtimes.md. Ends with 1 when berth's alone have done anything wrong.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { attempt } from "../support/command.ts";
import { isMet } from "../support/needs.ts";
import type { Row } from "./flow.ts";
import { counted, judge, type Pair, summary, tryBoth } from "./outcome.ts";
import { ROWS } from "./rows.ts";

const ROOT = join(import.meta.dir, "../..");
const DOCUMENT = join(ROOT, "docs/runtimes.md");
const [BEGIN, END] = ["<!-- figures -->", "<!-- end of figures -->"];
const HEAD = ["runtime", "list", "flow", "berth", "left", "the reference", "left", "when", "command"];

/** The commit that is tried, if nothing that is built or run differs from it. */
const COMMIT = commit();

function commit(): string {
  const git = (...words: string[]) => attempt(undefined, "git", "-C", ROOT, ...words);
  const differs = git("diff", "--quiet", "HEAD", "--", "src", "runtime", "scripts", "test").status !== 0;
  return `${git("rev-parse", "--short", "HEAD").stdout.trim()}${differs ? " and changes" : ""}`;
}

const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

const command = ({ id }: Row) => `\`npm run runtimes -- ${id}\``;

function lineOf(row: Row, { berth, reference }: Pair): string {
  const { unable } = judge(row, { berth, reference });
  const when = [new Date().toISOString().slice(0, 10), COMMIT].join(", ");
  const cells = unable
    ? ["neither can here", "–", berth.steps[0]?.[1].split(": ").at(-1) ?? "", "–"]
    : [counted(berth), summary(berth.left), counted(reference), summary(reference.left)];
  return line([row.runtime, row.list, row.name, ...cells, when, command(row)]);
}

/** Puts a row into the document, in the place of its last one. */
function write(row: Row, text: string): void {
  const [before = "", rest = ""] = readFileSync(DOCUMENT, "utf8").split(BEGIN);
  const [table = "", after = ""] = rest.split(END);
  const lines = new Map(ROWS.map((one) => [one.id, table.split("\n").find((old) => old.includes(command(one)))]));
  lines.set(row.id, text);
  const body = [line(HEAD), line(HEAD.map(() => "---")), ...[...lines.values()].filter((one) => one !== undefined)];
  writeFileSync(DOCUMENT, `${before}${BEGIN}\n${[...body, "", ...flows()].join("\n")}\n${END}${after}`);
}

/** What each flow is, once. */
function flows(): string[] {
  const text = ({ kind, name, flow, leaves }: Row) =>
    `- **${kind}, ${name}**: ${flow}.${leaves === undefined ? "" : ` May be left: ${leaves.why}.`}`;
  return [...new Set(ROWS.map(text))];
}

/** Tries a row and prints it: whether berth did well. */
async function tried(row: Row): Promise<boolean> {
  const start = performance.now();
  const pair = await tryBoth(row);
  const { wrong, differ } = judge(row, pair);
  const text = lineOf(row, pair);
  write(row, text);
  console.log(`${text} ${Math.round((performance.now() - start) / 1000)} s`);
  for (const one of wrong) console.log(`  WRONG ${one}`);
  for (const one of differ) console.log(`  differs: ${one.slice(0, 600)}`);
  return wrong.length === 0;
}

const words = process.argv.slice(2);
const wanted = ROWS.filter(({ id }) => words.length === 0 || words.some((word) => id.includes(word)));
const total = { passed: 0, failed: 0, skipped: 0 };
for (const row of wanted) {
  const verdict = !row.needs.every(isMet) ? "skipped" : (await tried(row)) ? "passed" : "failed";
  total[verdict] += 1;
}
attempt(undefined, join(ROOT, "node_modules/.bin/biome"), "format", "--write", DOCUMENT);
console.log(`runtimes: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
