/** The charts, drawn by Vega-Lite without a browser. */
import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { Row } from "./row.ts";
import type { Point } from "./setting.ts";

export const THEMES = ["light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

interface Data {
  readonly rows: readonly Row[];
  readonly points: readonly Point[];
}

/** Each gives undefined when what it shows was not measured. */
export const CHARTS: Record<string, (data: Data) => TopLevelSpec | undefined> = { verbs, memory, leases };

const NAMES = { ours: "berth", reference: "reference" } as const;
const COLOURS = { berth: "#0a7d6f", reference: "#9a9da3", "the kernel's own share": "#d98c1f" };

const INKS: Record<Theme, { text: string; line: string }> = {
  light: { text: "#24292f", line: "#d0d7de" },
  dark: { text: "#e6edf3", line: "#3d444d" },
};

/** The SVG of a chart. */
export async function chart(spec: TopLevelSpec, theme: Theme): Promise<string> {
  const { text, line } = INKS[theme];
  const plain = { labelColor: text, titleColor: text };
  const config = {
    font: "system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif",
    background: "transparent",
    view: { stroke: null },
    title: { color: text, subtitleColor: text, anchor: "start", fontSize: 14 },
    axis: { ...plain, gridColor: line, domainColor: line, tickColor: line, titleFontWeight: "normal" },
    legend: { ...plain, orient: "top", title: null, labelLimit: 0 },
  } as const;
  const { spec: compiled } = compile({ ...spec, config });
  return new View(parse(compiled), { renderer: "none" }).toSVG();
}

/** Everybody keeps their colour in all charts; the legend names those who are in this one. */
function colorOf(values: readonly { who: string }[]) {
  const domain = Object.keys(COLOURS).filter((name) => values.some(({ who }) => who === name));
  const range = domain.map((name) => COLOURS[name as keyof typeof COLOURS]);
  return { field: "who", type: "nominal", scale: { domain, range } } as const;
}

function median(rows: readonly Row[], what: string): Row | undefined {
  return rows.find((row) => row.what === what);
}

/** Bars: a verb's time, ours and the reference's. */
function verbs({ rows }: Data): TopLevelSpec | undefined {
  const kernel = { ADD: median(rows, "ADD, above the kernel's own share"), DEL: median(rows, "DEL") };
  const values = ["ADD", "CHECK", "DEL", "ADD with ipMasq", "DEL with ipMasq"].flatMap((verb) => {
    const row = median(rows, verb);
    if (row === undefined) return [];
    const floor = verb === "ADD" || verb === "DEL" ? kernel[verb]?.other.median : undefined;
    return [
      { verb, who: NAMES.ours, ms: row.ours.median },
      { verb, who: NAMES.reference, ms: (row.reference ?? row.other).median },
      ...(floor === undefined ? [] : [{ verb, who: "the kernel's own share", ms: floor }]),
    ];
  });
  if (values.length === 0) return undefined;
  return bars("Time of a call, median", "ms", values);
}

/** Bars: peak memory, CPU time and size. */
function memory({ rows }: Data): TopLevelSpec | undefined {
  const values = ["Peak memory of an ADD", "Size of `berth`, all plugins in it"].flatMap((what) => {
    const row = median(rows, what);
    if (row === undefined) return [];
    const verb = what.startsWith("Peak") ? "peak memory of an ADD" : "size of the three plugins";
    return [
      { verb, who: NAMES.ours, ms: row.ours.median },
      { verb, who: NAMES.reference, ms: row.other.median },
    ];
  });
  return values.length === 0 ? undefined : bars("Memory and size", "MiB", values);
}

function bars(title: string, unit: string, values: { verb: string; who: string; ms: number }[]): TopLevelSpec {
  const y = { field: "verb", type: "nominal", sort: null, title: null } as const;
  const yOffset = { field: "who", sort: Object.keys(COLOURS) } as const;
  const x = { field: "ms", type: "quantitative", title: unit } as const;
  const color = colorOf(values);
  return {
    title,
    data: { values },
    width: 480,
    height: { step: 15, for: "offset" },
    encoding: {
      y: { ...y, axis: { ticks: false, domain: false, labelPadding: 8, labelFontSize: 12 } },
      yOffset,
      x,
      color,
    },
    layer: [
      { mark: "bar" },
      {
        mark: { type: "text", align: "left", dx: 4, fontSize: 11, clip: false },
        encoding: { text: { field: "ms", format: ".3~g" } },
      },
    ],
  };
}

/** Lines: an ADD while the pool fills. */
function leases({ points }: Data): TopLevelSpec | undefined {
  const values = points.filter(({ chart }) => chart === "leases").map(({ who, x, y }) => ({ who: NAMES[who], x, y }));
  if (values.length === 0) return undefined;
  return {
    title: "Time of an ADD while the pool fills",
    data: { values },
    width: 560,
    height: 240,
    mark: { type: "line", point: true },
    encoding: {
      x: { field: "x", type: "quantitative", title: "leases in the pool" },
      y: {
        field: "y",
        type: "quantitative",
        title: "ms (logarithmic)",
        scale: { type: "log" },
        axis: { values: [1, 3, 10, 30, 100, 300, 1000] },
      },
      color: colorOf(values),
    },
  };
}
