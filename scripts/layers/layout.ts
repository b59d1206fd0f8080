/** Where the boxes of the picture stand, and the lanes beside them: Sugiyama's way, in small. */
import type { Folders } from "./folders.ts";
import { ordered } from "./order.ts";
import { type Line, mean, neighbours, type Spot, spotsOf } from "./spots.ts";

export interface Layout {
  /** From above, each from the left. */
  readonly rows: readonly (readonly Spot[])[];
  readonly lines: readonly Line[];
}

/** What a box and a lane take of the breadth, with the gap beside them, in pixels. */
export interface Widths {
  readonly box: number;
  readonly lane: number;
}

const SWEEPS = 24;

/** How much more than a box's a lane's wish counts: a bend costs the eye more than a box that is off its middle. */
const STRAIGHT = 6;

/** Lays out `folders` by their rows, with a line for each import in `arrows`. Deterministic. */
export function layout(folders: Folders, arrows: Folders, widths: Widths): Layout {
  const { spots, lines } = spotsOf(folders, arrows);
  const rows = ordered(spots, lines);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    for (const row of sweep % 2 === 0 ? rows : rows.toReversed()) {
      const wishes = row.map((spot) => wishOf(spot, lines));
      place(row, wishes, widths);
    }
  }
  return { rows, lines };
}

/** A box wants to be in the middle of what it is joined to, a lane straight. */
function wishOf(spot: Spot, lines: readonly Line[]): number {
  const joined = neighbours(spot, lines);
  const lanes = spot.lane ? joined.filter(({ lane }) => lane) : [];
  return mean((lanes.length > 0 ? lanes : joined).map(({ x }) => x)) ?? spot.x;
}

/** Gives a row the x nearest to `wishes` (least squares) that keeps the order and the widths: pool adjacent violators. */
function place(row: readonly Spot[], wishes: readonly number[], widths: Widths): void {
  const offsets: number[] = [];
  for (const [index, spot] of row.entries()) {
    const before = row[index - 1];
    offsets.push(before ? (offsets[index - 1] ?? 0) + (width(before, widths) + width(spot, widths)) / 2 : 0);
  }
  const pools: { sum: number; weight: number; count: number }[] = [];
  for (const [index, spot] of row.entries()) {
    const weight = spot.lane ? STRAIGHT : 1;
    let pool = { sum: ((wishes[index] ?? 0) - (offsets[index] ?? 0)) * weight, weight, count: 1 };
    for (let last = pools.at(-1); last && last.sum / last.weight > pool.sum / pool.weight; last = pools.at(-1)) {
      pool = { sum: last.sum + pool.sum, weight: last.weight + pool.weight, count: last.count + pool.count };
      pools.pop();
    }
    pools.push(pool);
  }
  const starts = pools.flatMap(({ sum, weight, count }) => Array.from({ length: count }, () => sum / weight));
  for (const [index, spot] of row.entries()) spot.x = (starts[index] ?? 0) + (offsets[index] ?? 0);
}

function width({ lane }: Spot, widths: Widths): number {
  return lane ? widths.lane : widths.box;
}
