/** The rows as a table in Markdown, its columns padded, so that it reads well on a terminal too. */
import { isMet, type Row } from "./row.ts";
import type { Summary } from "./stats.ts";

const HEAD = ["what", "unit", "ours", "p99", "held against", "theirs", "p99", "figure", "quartiles", "at most", ""];

/** Lines of Markdown. */
export function table(rows: readonly Row[]): string[] {
  const cells = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]) => `| ${row.map((text, i) => text.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const [head = HEAD, ...rest] = cells;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rest.map(line)];
}

function cellsOf(row: Row): string[] {
  const { what, unit, ours, other, against, reference, figure, kind, atMost } = row;
  const of = (value: number) =>
    kind === "ratio" || kind === "slowdown" ? value.toFixed(2) : `${number(value)} ${unit}`;
  const sign = (value: number) => (kind === "difference" && value >= 0 ? "+" : "");
  return [
    what,
    unit,
    number(ours.median),
    p99(ours),
    reference ? `${against} (the reference: ${number(reference.median)})` : against,
    number(other.median),
    p99(other),
    `${sign(figure.median)}${of(figure.median)}`,
    figure.n > 1 ? `${number(figure.q1)} – ${number(figure.q3)}` : "",
    atMost === undefined ? "" : `${sign(atMost)}${of(atMost)}`,
    atMost === undefined ? "" : isMet(row) ? "✓" : "✗",
  ];
}

/** Of few values, the highest is no p99. */
function p99({ n, p99 }: Summary): string {
  return n < 20 ? "" : number(p99);
}

/** Three digits that say something. */
export function number(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
