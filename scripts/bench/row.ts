/** A line of the table: what was measured of whom, and the figure that issue and README promise. */
import { paired, type Summary, summarise } from "./stats.ts";

/** How `figure` follows from a pair. */
export type Kind = "ratio" | "slowdown" | "difference" | "value";

const FIGURES: Record<Kind, (ours: number, other: number) => number> = {
  ratio: (ours, other) => ours / other,
  // Of rates, where more is better.
  slowdown: (ours, other) => other / ours,
  difference: (ours, other) => ours - other,
  value: (ours) => ours,
};

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
  /** Of each pair, as `kind` says. */
  readonly figure: Summary;
  readonly kind: Kind;
  /** The promise: the median of `figure` is at most this; absent where none was made. */
  readonly atMost?: number | undefined;
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
  readonly kind?: Kind;
  readonly atMost?: number;
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
    figure: summarise(kind === "value" ? ours : paired(ours, other, FIGURES[kind])),
    kind,
    atMost,
  };
}

/** Whether the promise is kept; true where none was made. */
export function isMet({ figure, atMost = Number.POSITIVE_INFINITY }: Row): boolean {
  return figure.median <= atMost;
}
