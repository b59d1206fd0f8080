/** The recorded numbers of instructions, and `npm run guard`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BIN, isMet, namespaces } from "../support/needs.ts";
import { countAll } from "./instructions.ts";

const FILE = join(import.meta.dir, "instructions.json");

/** More than this share above the record fails. */
export const ABOVE = 0.05;
/** A count that is lower by more than this share is to be recorded, so that what was won is not lost again. */
export const BELOW = 0.01;

export type Counts = Readonly<Record<string, number>>;

export function recorded(): Counts {
  return JSON.parse(readFileSync(FILE, "utf8"));
}

/** "VERSION: 1,558,115 instructions, 2.1 % above the record". */
export function compared(name: string, count: number, record: number | undefined): string {
  const text = `${name}: ${count.toLocaleString("en")} instructions`;
  if (record === undefined) return `${text}, not recorded yet`;
  const percent = (count / record - 1) * 100;
  return `${text}, ${Math.abs(percent).toFixed(1)} % ${percent < 0 ? "below" : "above"} the record`;
}

/** What is wrong with a count, or undefined. */
export function complaint(name: string, count: number, record: number | undefined): string | undefined {
  const text = compared(name, count, record);
  if (record === undefined) return `${text}: npm run guard -- --record`;
  if (count > record * (1 + ABOVE)) {
    return `${text}: find what it runs (docs/budget.md says how), or record it with a reason: npm run guard -- --record`;
  }
  return undefined;
}

/** `npm run guard`: compares; with --record, records. Its exit status. */
function main(args: readonly string[]): number {
  const counts = countAll(BIN, isMet(namespaces));
  const before = recorded();
  const entries = Object.entries(counts);
  if (args.includes("--record")) writeFileSync(FILE, `${JSON.stringify({ ...before, ...counts }, null, 2)}\n`);
  for (const [name, count] of entries) {
    const hint = count < (before[name] ?? 0) * (1 - BELOW) ? ": record it, npm run guard -- --record" : "";
    console.log(compared(name, count, before[name]) + (args.includes("--record") ? "" : hint));
  }
  if (args.includes("--record")) return 0;
  const complaints = entries.flatMap(([name, count]) => complaint(name, count, before[name]) ?? []);
  for (const text of complaints) console.error(`guard: ${text}`);
  return complaints.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exit(main(process.argv.slice(2)));
