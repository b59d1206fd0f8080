/**
 * `npm run kernels [-- KERNEL…]`: runs the tests on each kernel of test/support/vm/kernels.txt, or on those named, one after
 * the other, and writes the table of docs/kernels.md. Ends with 1 when a test has failed or none was run.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt } from "../support/command.ts";
import { KERNELS, type Kernel, kernels } from "../support/vm/kernel.ts";
import { FEATURES } from "./features.ts";

const ROOT = join(import.meta.dir, "../..");
const DOCUMENT = join(ROOT, "docs/kernels.md");
const [BEGIN, END] = ["<!-- figures -->", "<!-- end of figures -->"];

/** What one kernel came to. */
interface Outcome {
  /** `uname -r` and the size of a page; undefined when it did not come to the end. */
  release: string | undefined;
  page: string | undefined;
  steps: string | undefined;
  seconds: string | undefined;
  /** For each feature its tests, and how many of them failed and were skipped. */
  counts: { tests: number; failures: number; skipped: number }[];
}

/** The commit that is tried, if nothing that is built or run differs from it. */
function commit(): string {
  const git = (...words: string[]) => attempt(undefined, "git", "-C", ROOT, ...words);
  const differs = git("diff", "--quiet", "HEAD", "--", "src", "runtime", "scripts", "test").status !== 0;
  return `${git("rev-parse", "--short", "HEAD").stdout.trim()}${differs ? " and changes" : ""}`;
}

/** Runs all features on one kernel. */
async function run({ name }: Kernel): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), "berth-kernels-"));
  const report = join(directory, "report.xml");
  try {
    const child = Bun.spawn(
      [process.execPath, "test", "--timeout", "300000", "test/vm", "--reporter=junit", `--reporter-outfile=${report}`],
      { cwd: ROOT, env: { ...process.env, BERTH_VM: name }, stdout: "pipe", stderr: "inherit" },
    );
    const output = await child.stdout.text();
    await child.exited;
    process.stdout.write(output.replace(/^bun test .*\n/, ""));
    const [, release, page, steps, seconds] =
      /^Linux .* is (\S+), pages of (.*): (\d+) steps in (\S+) s$/m.exec(output) ?? [];
    const xml = readFileSync(report, "utf8");
    return { release, page, steps, seconds, counts: FEATURES.map(({ title }) => countsOf(xml, title)) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function countsOf(xml: string, title: string): Outcome["counts"][number] {
  const [line] = xml.match(new RegExp(`<testsuite name="${title.replace(/[()]/g, "\\$&")}" .*`)) ?? [];
  const of = (key: string) => Number(new RegExp(` ${key}="(\\d+)"`).exec(line ?? "")?.[1] ?? Number.NaN);
  return { tests: of("tests"), failures: of("failures"), skipped: of("skipped") };
}

const failed = ({ counts }: Outcome) => counts.some(({ failures }) => failures !== 0);
const skipped = ({ counts }: Outcome) => counts.every(({ tests, skipped }) => tests === skipped);

function rowOf({ name }: Kernel, outcome: Outcome): string {
  const when = [new Date().toISOString().slice(0, 10), commit()].join(", ");
  if (skipped(outcome)) return row([name, "skipped", ...FEATURES.map(() => "–"), "–", when]);
  const cells = outcome.counts.map(({ tests, failures }) => `${tests - failures} of ${tests}`);
  const { release = "did not come to the end", page, steps, seconds } = outcome;
  const took = steps === undefined ? "–" : `${steps} steps, ${Math.round(Number(seconds))} s`;
  return row([name, page === undefined ? release : `${release}, ${page}`, ...cells, took, when]);
}

const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

/** Puts the row into the document, in the place of the kernel's last one. */
function write(kernel: Kernel, line: string): void {
  const text = readFileSync(DOCUMENT, "utf8");
  const [before = "", rest = ""] = text.split(BEGIN);
  const [table = "", after = ""] = rest.split(END);
  const known = new Map(table.split("\n").map((one) => [one.split("|")[1]?.trim(), one]));
  known.set(kernel.name, line);
  const head = ["kernel", "its name, page", ...FEATURES.map(({ title }) => title), "took", "when"];
  const rows = KERNELS.flatMap(({ name }) => known.get(name) ?? []);
  const lines = [row(head), row(head.map(() => "---")), ...rows];
  writeFileSync(DOCUMENT, `${before}${BEGIN}\n${lines.join("\n")}\n${END}${after}`);
}

const named = process.argv.slice(2);
const wanted = named.length > 0 ? kernels(named.join(",")) : KERNELS;
const lines: string[] = [];
const total = { passed: 0, failed: 0, skipped: 0 };
for (const kernel of wanted) {
  console.log(`==> Linux ${kernel.name}`);
  const outcome = await run(kernel);
  const line = rowOf(kernel, outcome);
  write(kernel, line);
  lines.push(line);
  total[failed(outcome) ? "failed" : skipped(outcome) ? "skipped" : "passed"] += 1;
}
attempt(undefined, join(ROOT, "node_modules/.bin/biome"), "format", "--write", DOCUMENT);
console.log(lines.join("\n"));
console.log(`kernels: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
