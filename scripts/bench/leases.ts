/** What an ADD costs while the pool fills. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inTurns, type Place } from "./place.ts";
import { rowOf } from "./row.ts";
import { type Findings, type Part, type Point, type Setting, type Sizes, type Who, withPlaces } from "./setting.ts";
import { Series, summarise } from "./stats.ts";

export const leases: Part = {
  title: "ADD while the pool fills",
  steps: (sizes) => sizes.own + sizes.reference,
  run: async (setting) => {
    const ours = await measure(setting, "ours", setting.sizes.own);
    const reference = await measure(setting, "reference", setting.sizes.reference);
    return { rows: rows(setting.sizes, ours, reference), points: points(setting.sizes, { ours, reference }) };
  },
};

/** ADDs at each number of leases, and at none: by the number. */
async function measure(setting: Setting, who: Who, rounds: number): Promise<Series> {
  const fills = [0, ...setting.sizes.leases];
  const options = fills.map(() => ({ bin: setting.bin[who], containers: 4 }));
  return withPlaces(setting, options, async (...places) => {
    const filled = places.map((place, index) => ({ place, count: fills[index] ?? 0 }));
    for (const { place, count } of filled) fill(place, count);
    // The first call after the files changed behind its back reads them all.
    for (const { place } of filled) await place.cycle();
    const series = new Series();
    for (let round = 0; round < rounds; round++) {
      await inTurns(round, filled, async ({ place, count }) => series.push(`${count}`, (await place.cycle()).add.wall));
      setting.progress.step();
    }
    return series;
  });
}

/** Leases of others from the start of the range on, as a node that has run for long has them. */
function fill({ leases }: Place, count: number): void {
  mkdirSync(leases, { recursive: true });
  for (let i = 0; i < count; i++) {
    writeFileSync(join(leases, addressOf(i)), `${(i + 1e9).toString(16).padStart(64, "0")}\r\neth0`);
  }
  if (count > 0) writeFileSync(join(leases, "last_reserved_ip.0"), addressOf(count - 1));
}

/** From 10.88.0.10 on. */
const addressOf = (i: number): string => `10.88.${(i + 10) >> 8}.${(i + 10) & 255}`;

function rows({ leases }: Sizes, ours: Series, reference: Series): Findings["rows"] {
  return leases.map((count) =>
    rowOf({
      what: `ADD at ${count.toLocaleString("en")} leases`,
      unit: "ms",
      ours: ours.of(`${count}`),
      other: ours.of("0"),
      against: "our own at 0",
      reference: reference.of(`${count}`),
      atMost: 1.15,
    }),
  );
}

function points({ leases }: Sizes, of: Record<Who, Series>): Point[] {
  return Object.entries(of).flatMap(([who, series]) =>
    [0, ...leases].map((x) => ({
      chart: "leases" as const,
      who: who as Who,
      x,
      y: summarise(series.of(`${x}`)).median,
    })),
  );
}
