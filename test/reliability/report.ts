/**
 * `npm run reliability [ROW…]`: runs the rows, all when none is named, and puts their figures into docs/reliability.md.
 * A row's figures for berth and for the reference are of one run.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { attempt, sh } from "../support/command.ts";
import { BIN, built, isMet, namespaces, REFERENCE, reference } from "../support/needs.ts";
import { ROWS, type Row } from "./rows.ts";
import { strace } from "./system-calls.ts";
import type { Tally } from "./tally.ts";

const DOCUMENT = join(import.meta.dir, "../../docs/reliability.md");
const BIOME = join(import.meta.dir, "../../node_modules/.bin/biome");
const [BEGIN, END] = ["<!-- figures -->", "<!-- end of figures -->"];
const HEAD = [
  "| command | what was tried | berth: tried | left | reference: tried | left | took | when |",
  "| --- | --- | --- | --- | --- | --- | --- | --- |",
];

/** The commit that was built, if nothing that is built differs from it: this writes into docs itself. */
const COMMIT = commit();

function commit(): string {
  const git = (...words: string[]) => attempt(undefined, "git", "-C", join(import.meta.dir, "../.."), ...words);
  const differs = git("diff", "--quiet", "HEAD", "--", "src", "runtime", "scripts").status !== 0;
  const name = git("rev-parse", "--short", "HEAD").stdout.trim();
  return name && differs ? `${name} and changes` : name;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((id) => !ROWS.some((row) => row.id === id));
if (unknown.length > 0) fail(`there is no row ${unknown.join(", ")}: ${ROWS.map(({ id }) => id).join(" ")}`);
for (const need of [built, namespaces, strace]) if (!isMet(need)) fail(`this needs ${need.what}`);

/** A build while this runs changes nothing. */
const bin = mkdtempSync(join(tmpdir(), "berth-bin-"));
cpSync(BIN, bin, { recursive: true, verbatimSymlinks: true });
process.on("exit", () => rmSync(bin, { recursive: true, force: true }));

let wrong = 0;
for (const row of ROWS.filter(({ id }) => wanted.length === 0 || wanted.includes(id))) wrong += await measure(row);
process.exit(wrong === 0 ? 0 : 1);

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

/** Runs one row, prints it and writes it down: how much berth left. */
async function measure(row: Row): Promise<number> {
  const start = performance.now();
  const ours = await row.ours(bin, REFERENCE);
  const theirs = row.theirs && isMet(reference) ? await row.theirs(REFERENCE, bin) : undefined;
  const line = lineOf(row, ours, theirs, (performance.now() - start) / 1000);
  console.log(line);
  for (const note of ours.notes) console.log(`  berth: ${note.slice(0, 600)}`);
  for (const note of theirs?.notes.slice(0, 5) ?? []) console.log(`  reference: ${note.slice(0, 300)}`);
  write(row.id, line, theirs?.notes[0]);
  return ours.left;
}

function lineOf({ id, what, theirStep = 1 }: Row, ours: Tally, theirs: Tally | undefined, seconds: number): string {
  const when = [new Date().toISOString().slice(0, 10), COMMIT].filter(Boolean).join(", ");
  const step = theirStep > 1 ? ` (every ${theirStep}${theirStep === 32 ? "nd" : "th"})` : "";
  const counts = ({ tried, missed }: Tally) => `${number(tried)}${missed ? `, ${missed} not reached` : ""}`;
  const other = theirs ? [`${counts(theirs)}${step}`, number(theirs.left)] : ["–", "–"];
  const cells = [
    `\`npm run reliability ${id}\``,
    what,
    counts(ours),
    number(ours.left),
    ...other,
    `${Math.round(seconds)} s`,
    when,
  ];
  return `| ${cells.join(" | ")} |`;
}

function number(n: number): string {
  return n.toLocaleString("en");
}

/** Replaces the row's line, and what is said of the reference, in the document. */
function write(id: string, line: string, example: string | undefined): void {
  const text = readFileSync(DOCUMENT, "utf8");
  const [before = "", rest = ""] = text.split(BEGIN);
  const [figures = "", after = ""] = rest.split(END);
  const old = figures.split("\n");
  const find = (start: string, one: string) => old.find((known) => known.startsWith(start) && known.includes(one));
  const lines = ROWS.flatMap((row) => {
    const known = row.id === id ? line : find("| `", `\`npm run reliability ${row.id}\``);
    return known ? [known] : [];
  });
  const examples = ROWS.flatMap((row) => {
    const fresh = example && `- \`${row.id}\`: ${oneLine(example)}`;
    const known = row.id === id ? fresh : find("- `", `- \`${row.id}\`:`);
    return known ? [known] : [];
  });
  const machine = `Machine: ${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}.`;
  const said = examples.length > 0 ? ["", "The first of what the reference left, of each row:", "", ...examples] : [];
  writeFileSync(DOCUMENT, [before + BEGIN, machine, "", ...HEAD, ...lines, ...said, END + after].join("\n"));
  // The gate checks the format of what is committed.
  sh(undefined, BIOME, "format", "--write", DOCUMENT);
}

function oneLine(text: string): string {
  return `\`${text.replace(/\s+/g, " ").replaceAll("`", "'").slice(0, 220)}\``;
}
