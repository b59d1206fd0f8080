/**
 * `npm run bench`: every claim about speed, memory and size, measured on this machine beside the reference plugins, their
 * calls interleaved. Prints a table; writes docs/bench.json, docs/bench.md and the charts of README.
 *
 * Usage: npm run bench [-- --quick] [-- --only=WORD]. --quick measures less (a minute); --only runs the parts whose title
 * has that word. Both write to build/bench instead of docs. Ends with 1 when a promise of issue 7 is not kept.
 */
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { constants, loadavg, setPriority } from "node:os";
import { join } from "node:path";
import { attempt } from "../../test/support/command.ts";
import { REFERENCE, RELEASE } from "../../test/support/needs.ts";
import { attachments } from "./attachments.ts";
import { burst64, burst64Masqueraded, burst256 } from "./bursts.ts";
import { chains } from "./chains.ts";
import { startDriver } from "./driver.ts";
import { leases } from "./leases.ts";
import { machine } from "./machine.ts";
import { ports } from "./ports.ts";
import { compile } from "./programs.ts";
import { startProgress } from "./progress.ts";
import { quiet } from "./quiet.ts";
import { type Report, writeReport } from "./report.ts";
import { isMet } from "./row.ts";
import { rules } from "./rules.ts";
import { type Findings, FULL, type Part, QUICK, type Setting } from "./setting.ts";
import { table } from "./table.ts";
import { masqueraded, plain } from "./verbs.ts";

const ROOT = join(import.meta.dir, "../..");

/** In the order of the table; what leaves many namespaces behind comes late. */
const PARTS = [plain, masqueraded, burst64, burst64Masqueraded, leases, rules, chains, burst256, attachments, ports];

async function main(args: readonly string[]): Promise<number> {
  const quick = args.includes("--quick");
  const only = args.find((arg) => arg.startsWith("--only="))?.slice("--only=".length);
  const missing = whatIsMissing();
  if (missing !== undefined) {
    console.error(`bench: ${missing}`);
    return 1;
  }
  const report = await measure(
    quick ? QUICK : FULL,
    PARTS.filter(({ title }) => title.includes(only ?? "")),
  );
  const [head, ...rest] = table(report.rows);
  console.log([head, ...rest, "", ...report.notes].join("\n"));
  const partial = quick || only !== undefined;
  const dir = join(ROOT, partial ? "build/bench" : "docs");
  mkdirSync(dir, { recursive: true });
  await writeReport(dir, { ...report, command: `npm run bench${partial ? ` -- ${args.join(" ")}` : ""}` });
  console.log(`\nwritten to ${dir}: bench.json, bench.md, charts`);
  return report.rows.every(isMet) ? 0 : 1;
}

function whatIsMissing(): string | undefined {
  if (attempt(undefined, "unshare", "--net", "true").status !== 0) return "this needs root: sudo npm run bench";
  if (!existsSync(join(REFERENCE, "bridge"))) return `there is no reference in ${REFERENCE}: is Go installed?`;
  return undefined;
}

async function measure(sizes: Setting["sizes"], parts: readonly Part[]): Promise<Omit<Report, "command">> {
  const begin = performance.now();
  // All that is measured inherits it, the reference too: what else runs on the machine disturbs less.
  setPriority(constants.priority.PRIORITY_HIGHEST);
  const programs = compile(join(ROOT, "build/bench"));
  const driver = startDriver(programs.driver);
  const progress = startProgress(parts.reduce((sum, part) => sum + part.steps(sizes), 0));
  const bin = { ours: copyOfOurs(), reference: REFERENCE };
  const findings: Findings[] = [];
  const disturbed: string[] = [];
  try {
    for (const part of parts) {
      if (!(await quiet())) disturbed.push(part.title);
      progress.title(part.title);
      findings.push(await part.run({ sizes, driver, programs, progress, bin }));
    }
  } finally {
    progress.end();
    driver.close();
  }
  return {
    date: new Date().toISOString(),
    machine: machine(),
    reference: RELEASE,
    seconds: Math.round((performance.now() - begin) / 1000),
    rows: findings.flatMap(({ rows }) => rows),
    points: findings.flatMap(({ points = [] }) => points),
    notes: [...findings.flatMap(({ notes = [] }) => notes), ...disturbance(disturbed)],
  };
}

/** A reader must know it: under load both sides wait for the kernel, and differences and bursts say little. */
function disturbance(titles: readonly string[]): string[] {
  if (titles.length === 0) return [];
  const load = loadavg().map((value) => value.toFixed(1));
  return [
    `Other work kept the machine busy during: ${titles.join("; ")}. Its load averages at the end: ${load.join(", ")}.`,
  ];
}

/** A file for each plugin, as many projects install them. A build while the benchmark runs must not change what is measured. */
function copyOfOurs(): string {
  const copy = join(ROOT, "build/bench/bin");
  rmSync(copy, { recursive: true, force: true });
  cpSync(join(ROOT, "dist/bin"), copy, { recursive: true, dereference: true });
  return copy;
}

// What the benchmark has made is removed when the process exits.
process.on("SIGINT", () => process.exit(130));
process.on("SIGTERM", () => process.exit(143));
process.exit(await main(process.argv.slice(2)));
