/** A line of the table: what was measured of whom, and the figure that issue and README promise. */
import { paired, type Summary, summarise } from "./stats.ts";

export interface Row {
  readonly what: string;
  /** Of the measurements: "ms", "MiB", … */
  readonly unit: string;
  readonly ours: Summary;
  /** What ours is held against, and its name. */
  readonly other: Summary;
  readonly against: string;
  /** The same of the reference where ours is held against itself or a floor. */
  readonly reference?: Summary | undefined;
  /** Of each pair: ours divided by the other, the difference in `unit`, or ours alone. */
  readonly figure: Summary;
  readonly kind: "ratio" | "difference" | "value";
  /** The promise: the median of `figure` is at most this. */
  readonly atMost: number;
}

export interface RowOptions {
  readonly what: string;
  readonly unit: string;
  readonly ours: readonly number[];
  readonly other: readonly number[];
  /** "reference" when absent. */
  readonly against?: string;
  readonly reference?: readonly number[];
  /** "ratio" when absent. */
  readonly kind?: Row["kind"];
  readonly atMost: number;
}

/** Makes the row of two series that were measured pair by pair. */
export function rowOf(options: RowOptions): Row {
  const { what, unit, ours, other, against = "reference", kind = "ratio", atMost, reference } = options;
  return {
    what,
    unit,
    ours: summarise(ours),
    other: summarise(other),
    against,
    ...(reference && { reference: summarise(reference) }),
    figure: summarise(kind === "value" ? ours : paired(ours, other, kind === "ratio" ? (a, b) => a / b : (a, b) => a - b)),
    kind,
    atMost,
  };
}

/** Whether the promise is kept. */
export function isMet({ figure, atMost }: Row): boolean {
  return figure.median <= atMost;
}
