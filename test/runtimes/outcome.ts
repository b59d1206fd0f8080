/** Trying a runtime with either side's plugins: what it answered, and what was left. */
import { additions, type Traces } from "../reliability/remains.ts";
import type { Row } from "./flow.ts";
import { type Machine, openMachine, type Side } from "./machine.ts";
import { alike } from "./normal.ts";

export interface Outcome {
  /** Each step, how it went, and what was answered. */
  readonly steps: readonly (readonly [step: string, outcome: string, answer: string])[];
  /** What is there that was not there before, line by line. */
  readonly left: readonly string[];
}

/** Tries a row with the plugins of both sides. */
export async function tryBoth(row: Row): Promise<Pair> {
  return { berth: await tryRow(row, "berth"), reference: await tryRow(row, "reference") };
}

/** Tries a row with the plugins of one side. What goes wrong is part of the outcome. */
export async function tryRow(row: Row, side: Side): Promise<Outcome> {
  using machine = await openMachine(side, row.network());
  const run = await row.prepare(machine);
  const before = machine.traces();
  const steps: [string, string, string][] = [];
  try {
    await run((step, outcome, answer = "") => void steps.push([step, outcome, answer]));
  } catch (error) {
    steps.push(["all of it", error instanceof Error ? error.message : String(error), ""]);
  }
  return { steps, left: await leftovers(machine, before) };
}

/** The kernel takes its time to remove what was in a namespace. */
async function leftovers(machine: Machine, before: Traces): Promise<string[]> {
  for (let left = 20; ; left--) {
    const lines = additions(before, machine.traces());
    if (lines.length === 0 || left === 0) return lines;
    await Bun.sleep(50);
  }
}

/** What both sides came to with a row. */
export interface Pair {
  readonly berth: Outcome;
  readonly reference: Outcome;
}

/** What the table tells of a pair. */
export interface Verdict {
  /** What nobody has explained: each step that fails with berth alone, and what berth alone leaves. */
  readonly wrong: readonly string[];
  /** Steps whose answers differ, and steps that fail with the reference alone. */
  readonly differ: readonly string[];
  /** Neither side came further than its first ADD. */
  readonly unable: boolean;
}

export function judge({ leaves }: Row, { berth, reference }: Pair): Verdict {
  const failed = ({ steps }: Outcome) => steps.filter(([, outcome]) => outcome !== "ok");
  const same = (step: string) => failed(reference).some(([other]) => other === step);
  const alone = failed(berth).filter(([step]) => !same(step));
  const left = additions(reference.left.map(alike), berth.left.map(alike)).filter((line) => !leaves?.lines.test(line));
  const [[, first] = []] = berth.steps;
  return {
    wrong: [...alone.map(([step, outcome]) => `${step}: ${outcome}`), ...left.map((line) => `left: ${line}`)],
    differ: differences(berth, reference),
    unable: first !== undefined && first !== "ok" && reference.steps[0]?.[1] === first,
  };
}

/** The steps that went otherwise on one side than on the other, a line each. */
function differences(berth: Outcome, reference: Outcome): string[] {
  const told = ({ steps }: Outcome) =>
    steps.map(([step, outcome, answer]) => `${step}: ${outcome === "ok" ? answer || "ok" : outcome}`);
  const [ours, theirs] = [told(berth), told(reference)];
  return ours.flatMap((line, i) => {
    const other = theirs[i] ?? "nothing";
    return line === other || bothFail(berth, reference, i) ? [] : [`${line}; the reference's ${other}`];
  });
}

function bothFail(berth: Outcome, reference: Outcome, i: number): boolean {
  return [berth, reference].every(({ steps }) => steps[i]?.[1] !== "ok");
}

/** "12 of 12". */
export function counted({ steps }: Outcome): string {
  return `${steps.filter(([, outcome]) => outcome === "ok").length} of ${steps.length}`;
}

const KINDS: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ["link", /^host: link/],
  ["rule line", /^rule /],
  ["lease", /\/networks\/|^file \/run\/cni\/[^/]+\/[\da-f.:]+ /],
  ["result", /\/results\//],
  ["namespace", /^file \/run\/netns\//],
  ["other file", /^file /],
];

/** "nothing", or "1 link, 2 leases". */
export function summary(left: readonly string[]): string {
  const kinds = left.map((line) => KINDS.find(([, pattern]) => pattern.test(line))?.[0] ?? "thing");
  const counts = KINDS.map(([kind]) => [kind, kinds.filter((one) => one === kind).length] as const);
  const words = counts.filter(([, n]) => n > 0).map(([kind, n]) => `${n} ${kind}${n === 1 ? "" : "s"}`);
  return words.join(", ") || "nothing";
}
