/** What the picture puts into rows: boxes, the lanes on which arrows pass rows, and the lines between them. */
import { type Folders, rowsOf } from "./folders.ts";

/** A box, or a piece of a lane beside the boxes of a row. */
export interface Spot {
  /** The folder of a box; of a lane, the folder that it leads to. */
  readonly folder: string;
  readonly lane: boolean;
  /** 0 is the highest. */
  readonly row: number;
  /** The middle, in pixels from anywhere. */
  x: number;
}

/** A line from one row to the next. */
export interface Line {
  readonly from: Spot;
  readonly to: Spot;
}

/** A spot for each of `folders`, and what leads along `arrows`. All that leads to one folder joins the same lane. */
export function spotsOf(folders: Folders, arrows: Folders): { spots: Spot[]; lines: Line[] } {
  const rows = rowsOf(folders);
  const spots = new Map<string, Spot>();
  const lines = new Map<string, Line>();
  const spot = (folder: string, row: number): Spot => {
    const key = `${folder} ${row}`;
    const made = spots.get(key) ?? { folder, row, lane: row !== rows.get(folder), x: 0 };
    spots.set(key, made);
    return made;
  };
  for (const [folder, row] of rows) spot(folder, row);
  for (const [source, targets] of arrows) {
    for (const target of targets) {
      let from = spot(source, rows.get(source) ?? 0);
      while (from.row < (rows.get(target) ?? 0)) {
        const to = spot(target, from.row + 1);
        lines.set(`${from.folder} ${from.row} ${target}`, { from, to });
        from = to;
      }
    }
  }
  return { spots: [...spots.values()], lines: [...lines.values()] };
}

/** What lines join to a spot, above and below. */
export function neighbours(spot: Spot, lines: readonly Line[]): Spot[] {
  return lines.flatMap(({ from, to }) => (from === spot ? [to] : to === spot ? [from] : []));
}

/** Undefined for no values. */
export function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
