/** Counting what was tried and what was left. */

export interface Tally {
  tried: number;
  /** Trials that left something, or went wrong in another way. */
  left: number;
  /** System calls that did not occur again, so that nothing happened. */
  missed: number;
  /** The first of what went wrong, for a person. */
  readonly notes: string[];
}

export const newTally = (): Tally => ({ tried: 0, left: 0, missed: 0, notes: [] });

const NOTES = 40;

export function note(tally: Tally, where: string, wrong: readonly string[]): void {
  tally.tried++;
  if (wrong.length === 0) return;
  tally.left++;
  if (tally.notes.length < NOTES) tally.notes.push(`${where}: ${wrong.join("; ")}`);
}

/** Every `step`th of a list, beginning anywhere: a bounded run sees others each time. */
export function sample<T>(list: readonly T[], step: number): T[] {
  // CI does the same each time; by hand, other parts each time.
  const from = process.env.CI ? 0 : Math.floor(Math.random() * step);
  return list.filter((_, i) => i % step === from);
}

/** Several counts as one. */
export function merged(tallies: readonly Tally[]): Tally {
  const sum = newTally();
  for (const { tried, left, missed, notes } of tallies) {
    sum.tried += tried;
    sum.left += left;
    sum.missed += missed;
    sum.notes.push(...notes);
  }
  return sum;
}
