/** The figures of a series of measurements. */

export interface Summary {
  readonly n: number;
  readonly median: number;
  /** Quartiles: half of all values lie between them. */
  readonly q1: number;
  readonly q3: number;
  readonly p99: number;
}

export function summarise(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => quantile(sorted, share);
  return { n: sorted.length, median: at(0.5), q1: at(0.25), q3: at(0.75), p99: at(0.99) };
}

/** Linear between the two nearest ranks; NaN of no values. */
function quantile(sorted: readonly number[], share: number): number {
  const rank = (sorted.length - 1) * share;
  const below = sorted[Math.floor(rank)] ?? Number.NaN;
  const above = sorted[Math.ceil(rank)] ?? Number.NaN;
  return below + (above - below) * (rank - Math.floor(rank));
}

/** One value of each pair of measurements that were taken side by side. @throws Error when one is missing */
export function paired(
  a: readonly number[],
  b: readonly number[],
  join: (a: number, b: number) => number = (x, y) => x / y,
): number[] {
  if (a.length !== b.length) throw new Error(`${a.length} measurements beside ${b.length}`);
  return a.map((value, index) => join(value, b[index] ?? Number.NaN));
}

/** Measurements by name, in the order in which they were taken. */
export class Series {
  readonly #values = new Map<string, number[]>();

  push(name: string, value: number): void {
    const values = this.#values.get(name);
    if (values) values.push(value);
    else this.#values.set(name, [value]);
  }

  /** @throws Error when nothing was measured under that name */
  of(name: string): readonly number[] {
    const values = this.#values.get(name);
    if (values === undefined) throw new Error(`nothing was measured as "${name}"`);
    return values;
  }
}
