/** What every part of the benchmark is given. */
import type { Driver } from "./driver.ts";
import { openPlace, type Place, type PlaceOptions } from "./place.ts";
import type { Programs } from "./programs.ts";
import type { Progress } from "./progress.ts";
import type { Row } from "./row.ts";

/** How much is measured. */
export interface Sizes {
  /** Pairs of plain calls. */
  readonly plain: number;
  /** Pairs of calls with ipMasq. */
  readonly masquerade: number;
  /** Pairs of one of our places with another. */
  readonly own: number;
  /** The same beside many attachments: most of what is measured there is the kernel's wait, in steps of 4 ms. */
  readonly cycles: number;
  /** Calls of the reference where its cost grows, which take long. */
  readonly reference: number;
  /** Pairs of bursts. */
  readonly bursts: number;
  /** Pairs of whole lists of plugins. */
  readonly chains: number;
  /** Repetitions of each kind of traffic. */
  readonly traffic: number;
  /** "1,000 attachments". */
  readonly attachments: number;
  /** Ports mapped by one ADD. */
  readonly ports: number;
  /** Leases in the pool. */
  readonly leases: readonly number[];
  /** "20,000 foreign rules". */
  readonly rules: number;
}

export const FULL: Sizes = {
  plain: 200,
  masquerade: 60,
  own: 100,
  cycles: 250,
  reference: 5,
  bursts: 7,
  chains: 40,
  traffic: 9,
  attachments: 1000,
  ports: 1000,
  leases: [5000, 50_000],
  rules: 20_000,
};

export const QUICK: Sizes = {
  plain: 30,
  masquerade: 8,
  own: 20,
  cycles: 20,
  reference: 1,
  bursts: 1,
  chains: 8,
  traffic: 3,
  attachments: 200,
  ports: 100,
  leases: [5000, 50_000],
  rules: 20_000,
};

export interface Setting {
  readonly sizes: Sizes;
  readonly driver: Driver;
  readonly programs: Programs;
  readonly progress: Progress;
  /** Directories of the plugins. */
  readonly bin: Readonly<Record<Who, string>>;
}

export type Who = "ours" | "reference";
export const WHO: readonly Who[] = ["ours", "reference"];

/** A figure over a range: cost against leases. */
export interface Point {
  readonly chart: "leases" | "attachments";
  readonly who: Who;
  readonly x: number;
  /** Median milliseconds. */
  readonly y: number;
}

export interface Findings {
  readonly rows: readonly Row[];
  readonly points?: readonly Point[];
  /** Sentences for the table's foot. */
  readonly notes?: readonly string[];
}

/** A part of the benchmark. */
export interface Part {
  readonly title: string;
  /** How often it will call `step`. */
  steps(sizes: Sizes): number;
  run(setting: Setting): Promise<Findings>;
}

/** Opens places, does the work, and closes them whatever happens. */
export async function withPlaces<T>(
  setting: Setting,
  options: readonly Omit<PlaceOptions, "driver">[],
  work: (...places: Place[]) => Promise<T>,
): Promise<T> {
  const places: Place[] = [];
  try {
    for (const option of options) places.push(await openPlace({ ...option, driver: setting.driver }));
    return await work(...places);
  } finally {
    for (const place of places) await place.close();
  }
}
