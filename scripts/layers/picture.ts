/**
 * The picture of the layers: a box for each folder of src/, arrows for its imports. SVG written by hand: Vega, which draws
 * the benchmark's charts, knows no layered graphs (its layouts are trees and forces), so it would only draw rectangles
 * and lines whose places are worked out here anyway. Texts are broken by the number of their letters, since nothing
 * here measures fonts: the same bytes everywhere.
 */
import { type Folders, reduced } from "./folders.ts";
import { type Layout, layout } from "./layout.ts";
import { PURPOSES } from "./purposes.ts";
import type { Line, Spot } from "./spots.ts";

/** Pixels. */
const BOX = 200;
const GAP = 20;
const LANE = 18;
const BETWEEN_ROWS = 44;
const MARGIN = 20;
const LINE_HEIGHT = 14;
const HEAD = 24;
const LEGEND_HEIGHT = 18;
const LEGEND_LETTER = 7.5;

/** So many letters of each size are sure to fit into a box. */
const LETTERS = { purpose: 27, imports: 30 };

const FONTS = "system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif";
const INK = { page: "#ffffff", box: "#f6f8fa", edge: "#8c959f", name: "#0b4f71", text: "#24292f", faint: "#57606a" };
/** A colour for the arrows to one folder, so that neighbours can be told apart; each has 4.5 : 1 on the page. */
const ARROWS = ["#0969da", "#b35900", "#1a7f37", "#8250df", "#cf222e", "#0a7d6f", "#7d4e00", "#bf3989"];

const LEGEND =
  "An arrow is an import; all point down. Arrows to one folder have one colour and may join. What another way leads to " +
  "already has no arrow of its own (transitive reduction): each box names all that it imports.";

/** A box's texts. */
interface Texts {
  readonly purpose: readonly string[];
  readonly imports: readonly string[];
}

/** All that is to be drawn; pixels from the left and from above. */
interface Frame {
  readonly plan: Layout;
  readonly texts: ReadonlyMap<string, Texts>;
  /** Of the rows. */
  readonly tops: readonly number[];
  readonly heights: readonly number[];
  readonly width: number;
  /** Where the last row ends. */
  readonly bottom: number;
  readonly colours: ReadonlyMap<string, string>;
  /** The middle of a spot. */
  x(spot: Spot): number;
}

/** The SVG of `folders`. @param folders without a circle */
export function picture(folders: Folders): string {
  const frame = frameOf(folders);
  const { plan, width, bottom } = frame;
  const spots = plan.rows.flat();
  const legend = broken(LEGEND, Math.floor((width - 2 * MARGIN) / LEGEND_LETTER));
  const legendLine = (index: number) => bottom + MARGIN + LEGEND_HEIGHT * (index + 1) - 4;
  const height = legendLine(legend.length - 1) + MARGIN;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONTS}">`,
    "<title>The layers of src/ and what they import</title>",
    `<rect width="${width}" height="${height}" fill="${INK.page}"/>`,
    ...spots.filter(({ lane }) => lane).map((spot) => lanePiece(spot, frame)),
    ...plan.lines.map((line) => curve(line, frame)),
    ...spots.filter(({ lane }) => !lane).flatMap((spot) => box(spot, frame)),
    ...legend.map((text, index) => label(MARGIN, legendLine(index), text, INK.faint, 12)),
    "</svg>\n",
  ].join("\n");
}

function frameOf(folders: Folders): Frame {
  const plan = layout(folders, reduced(folders), { box: BOX + GAP, lane: LANE });
  const texts = new Map([...folders].map(([folder, imports]) => [folder, textsOf(folder, imports)]));
  const heights = plan.rows.map((row) => Math.max(...row.map((spot) => heightOf(spot, texts))));
  const tops = heights.map((_, row) => MARGIN + sum(heights.slice(0, row)) + row * BETWEEN_ROWS);
  const edges = plan.rows.flat().flatMap(({ x, lane }) => (lane ? [x] : [x - BOX / 2, x + BOX / 2]));
  const left = Math.min(...edges) - MARGIN;
  return {
    plan,
    texts,
    tops,
    heights,
    width: Math.ceil(Math.max(...edges) - left) + MARGIN,
    bottom: (tops.at(-1) ?? 0) + (heights.at(-1) ?? 0),
    colours: coloursOf(plan),
    x: (spot) => Math.round(spot.x - left),
  };
}

function textsOf(folder: string, imports: readonly string[]): Texts {
  const list = imports.length > 0 ? `imports ${imports.join(", ")}` : "imports nothing";
  return { purpose: broken(PURPOSES[folder] ?? "", LETTERS.purpose), imports: broken(list, LETTERS.imports) };
}

/** A text in lines of at most `letters`, broken between words. */
function broken(text: string, letters: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && longer.length <= letters) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function heightOf({ folder, lane }: Spot, texts: ReadonlyMap<string, Texts>): number {
  const { purpose = [], imports = [] } = texts.get(folder) ?? {};
  return lane ? 0 : HEAD + (purpose.length + imports.length) * LINE_HEIGHT + 8;
}

function coloursOf({ rows }: Layout): ReadonlyMap<string, string> {
  const boxes = rows.flat().filter(({ lane }) => !lane);
  return new Map(boxes.map(({ folder }, index) => [folder, ARROWS[index % ARROWS.length] ?? INK.edge]));
}

function box(spot: Spot, { texts, tops, heights, x }: Frame): string[] {
  const { purpose = [], imports = [] } = texts.get(spot.folder) ?? {};
  const left = x(spot) - BOX / 2;
  const top = tops[spot.row] ?? 0;
  const name = spot.folder.endsWith(".ts") ? spot.folder : `${spot.folder}/`;
  const line = (index: number) => top + HEAD + LINE_HEIGHT * (index + 1) - 4;
  return [
    `<rect x="${left}" y="${top}" width="${BOX}" height="${heights[spot.row]}" rx="6" fill="${INK.box}" stroke="${INK.edge}"/>`,
    label(left + 10, top + 19, name, INK.name, 14, ' font-weight="bold"'),
    ...purpose.map((text, index) => label(left + 10, line(index), text, INK.text, 11)),
    ...imports.map((text, index) => label(left + 10, line(purpose.length + index), text, INK.faint, 10)),
  ];
}

function label(x: number, y: number, text: string, colour: string, size: number, more = ""): string {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x}" y="${y}" font-size="${size}" fill="${colour}"${more}>${escaped}</text>`;
}

/** A lane beside the boxes of a row. */
function lanePiece(spot: Spot, { tops, heights, colours, x }: Frame): string {
  const top = tops[spot.row] ?? 0;
  return stroke(`M${x(spot)} ${top}V${top + (heights[spot.row] ?? 0)}`, colours.get(spot.folder));
}

/** From the bottom of a row to the top of the next, with a head where it meets a box. */
function curve({ from, to }: Line, { plan, tops, heights, colours, x }: Frame): string {
  const colour = colours.get(to.folder);
  const [x1, x2] = [x(from) + port(from, to, plan), x(to)];
  const y1 = (tops[from.row] ?? 0) + (heights[from.row] ?? 0);
  const y2 = (tops[to.row] ?? 0) - (to.lane ? 0 : 7);
  const middle = (y1 + y2) / 2;
  const path = stroke(`M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}`, colour);
  return to.lane ? path : `${path}\n<path d="M${x2} ${y2 + 7}l-4 -8h8z" fill="${colour}"/>`;
}

/** How far from a box's middle a line leaves it: side by side, in the order of where they lead. */
function port(from: Spot, to: Spot, { lines }: Layout): number {
  if (from.lane) return 0;
  const ends = lines.filter((line) => line.from === from).map((line) => line.to);
  const place = ends.toSorted((a, b) => a.x - b.x).indexOf(to);
  return Math.round((place - (ends.length - 1) / 2) * Math.min(24, (BOX - 24) / ends.length));
}

function stroke(path: string, colour = INK.edge): string {
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.6"/>`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
