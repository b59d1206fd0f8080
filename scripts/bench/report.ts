/** What `npm run bench` leaves behind. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sh } from "../../test/support/command.ts";
import { CHARTS, chart, THEMES } from "./charts.ts";
import type { Row } from "./row.ts";
import type { Point } from "./setting.ts";
import { table } from "./table.ts";

/** The gate checks the format of what is committed. */
const BIOME = join(import.meta.dir, "../../node_modules/.bin/biome");

export interface Report {
  /** ISO 8601. */
  readonly date: string;
  readonly machine: string;
  /** The release of the reference. */
  readonly reference: string;
  /** How it was measured. */
  readonly command: string;
  readonly seconds: number;
  readonly rows: readonly Row[];
  readonly points: readonly Point[];
  readonly notes: readonly string[];
}

/** Writes bench.json, bench.md and the charts that the rows suffice for, light and dark. */
export async function writeReport(dir: string, report: Report): Promise<void> {
  writeFileSync(join(dir, "bench.json"), `${JSON.stringify(report, null, 2)}\n`);
  const drawn: string[] = [];
  for (const [name, specification] of Object.entries(CHARTS)) {
    const spec = specification(report);
    if (spec === undefined) continue;
    drawn.push(name);
    for (const theme of THEMES) writeFileSync(join(dir, `bench-${name}-${theme}.svg`), await chart(spec, theme));
  }
  writeFileSync(join(dir, "bench.md"), markdown(report, drawn));
  sh(undefined, BIOME, "format", "--write", "--no-errors-on-unmatched", join(dir, "bench.md"), join(dir, "bench.json"));
}

function markdown(
  { date, machine, reference, command, seconds, rows, notes }: Report,
  drawn: readonly string[],
): string {
  return `# Benchmark

Measured by \`${command}\` on ${date.slice(0, 10)} in ${seconds} s on ${machine}, beside the reference
(containernetworking/plugins ${reference}, built as its releases are).

${drawn.map(picture).join("\n\n")}

${table(rows).join("\n")}

${notes.map((note) => `- ${note}`).join("\n")}

## How it is measured

- Both plugins are called in turns, in namespaces of their own on one machine; who is first alternates. A small C program
  ([driver.c](../scripts/bench/driver.c)) starts them: one spawn for a call, from before the spawn until wait returns. All of
  it runs at the highest priority (nice -20).
- "ours" and "theirs" are medians. "figure" is the median over the pairs of ours ÷ theirs, of theirs ÷ ours for rates, or of
  ours − theirs; the quartiles are of the same. A p99 is given of 20 values or more.
- "The kernel's own" is a minimal C program ([kernel.c](../scripts/bench/kernel.c)) that makes and removes the same objects,
  without the start of its process.
- CPU is user and system time of the plugin and of all processes that it starts; memory is \`time -f %M\`.
- The NAT rows: sender, host and a far machine are three namespaces, the sender pinned to one CPU. First packets of flows are
  the ones that pass the NAT rules; the connection tracker does the rest.
`;
}

/** A chart in the reader's theme. */
export function picture(name: string): string {
  return `<picture>
  <source media="(prefers-color-scheme: dark)" srcset="bench-${name}-dark.svg">
  <img alt="${name}" src="bench-${name}-light.svg">
</picture>`;
}
