/** The order of the spots in each row, so that few lines cross. */
import { type Line, mean, neighbours, type Spot } from "./spots.ts";

type Row = readonly Spot[];

const SWEEPS = 24;

/** What the search begins with: each is the order of a spot among those of its row. */
const STARTS: readonly ((spot: Spot, index: number) => number)[] = [
  (_, index) => index,
  (_, index) => -index,
  ({ lane }, index) => index + (lane ? 1000 : 0),
  ({ lane }, index) => index - (lane ? 1000 : 0),
];

/** The rows from above, each in the order that was met with the fewest crossings. Deterministic. */
export function ordered(spots: readonly Spot[], lines: readonly Line[]): readonly Row[] {
  const count = Math.max(...spots.map(({ row }) => row)) + 1;
  const found = STARTS.flatMap((start) => {
    const key = new Map(spots.map((spot, index) => [spot, start(spot, index)]));
    const sorted = spots.toSorted((a, b) => (key.get(a) ?? 0) - (key.get(b) ?? 0));
    const rows = Array.from({ length: count }, (_, row) => sorted.filter((spot) => spot.row === row));
    return [exchanged(rows, lines), exchanged(swept(rows, lines), lines)];
  });
  return fewest(found, lines);
}

function fewest(found: readonly (readonly Row[])[], lines: readonly Line[]): readonly Row[] {
  return found.reduce((best, rows) => (crossings(rows, lines) < crossings(best, lines) ? rows : best));
}

/** The best of what sweeps down and up find: each spot goes to the mean place of what the sweep has joined it to. */
function swept(start: readonly Row[], lines: readonly Line[]): readonly Row[] {
  const met = [start];
  for (let sweep = 0; sweep < SWEEPS; sweep++) met.push(sweepOf(met.at(-1) ?? start, lines, sweep % 2 === 0));
  return fewest(met, lines);
}

function sweepOf(rows: readonly Row[], lines: readonly Line[], down: boolean): readonly Row[] {
  const share = new Map(rows.flatMap((row) => row.map((spot, index) => [spot, (index + 1) / (row.length + 1)])));
  const wish = (spot: Spot): number => {
    const joined = neighbours(spot, lines).filter(({ row }) => (down ? row < spot.row : row > spot.row));
    return mean(joined.map((other) => share.get(other) ?? 0)) ?? share.get(spot) ?? 0;
  };
  const sorted = (down ? rows : rows.toReversed()).map((row) => {
    const next = row.toSorted((a, b) => wish(a) - wish(b));
    for (const [index, spot] of next.entries()) share.set(spot, (index + 1) / (next.length + 1));
    return next;
  });
  return down ? sorted : sorted.reverse();
}

/** The rows with neighbours exchanged as long as that takes away a crossing. */
function exchanged(rows: readonly Row[], lines: readonly Line[]): readonly Row[] {
  const better = rows.map((row) => row.slice());
  for (let before = Number.POSITIVE_INFINITY; crossings(better, lines) < before; ) {
    before = crossings(better, lines);
    for (const row of better) {
      for (let at = 1; at < row.length; at++) {
        const count = crossings(better, lines);
        swap(row, at);
        if (crossings(better, lines) >= count) swap(row, at);
      }
    }
  }
  return better;
}

function swap(row: Spot[], at: number): void {
  row.splice(at - 1, 2, ...row.slice(at - 1, at + 1).reverse());
}

function crossings(rows: readonly Row[], lines: readonly Line[]): number {
  const place = new Map(rows.flatMap((row) => row.map((spot, index) => [spot, index])));
  const at = (spot: Spot) => place.get(spot) ?? 0;
  const cross = (a: Line, b: Line) =>
    a.from.row === b.from.row && (at(a.from) - at(b.from)) * (at(a.to) - at(b.to)) < 0;
  return lines.reduce((sum, a, index) => sum + lines.slice(index + 1).filter((b) => cross(a, b)).length, 0);
}
