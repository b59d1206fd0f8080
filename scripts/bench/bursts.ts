/** Many containers that start, and many that stop, at the same time. */
import type { Verb } from "../../test/support/conf.ts";
import { inTurns, type Place } from "./place.ts";
import { rowOf } from "./row.ts";
import { type Findings, type Part, type Setting, WHO, type Who, withPlaces } from "./setting.ts";
import { Series } from "./stats.ts";

export const burst64: Part = burst("burst of 64", 64, {}, { ADD: 0.45 });
export const burst64Masqueraded: Part = burst("burst of 64 with ipMasq", 64, { ipMasq: true }, { ADD: 0.25 });
export const burst256: Part = burst("burst of 256", 256, {}, { ADD: 0.45, DEL: 0.6 });

/** `promises`: the most that ours may take of the reference's wall time. A call that fails ends the benchmark. */
function burst(title: string, size: number, over: object, promises: Partial<Record<Verb, number>>): Part {
  return {
    title,
    steps: ({ bursts }) => bursts * 2,
    run: (setting) => {
      const options = WHO.map((who) => ({ bin: setting.bin[who], containers: size, over }));
      return withPlaces(setting, options, async (ours, reference) => {
        const series = new Series();
        const places = { ours, reference } as Record<Who, Place>;
        for (let round = 0; round < setting.sizes.bursts; round++) {
          await inTurns(round, WHO, (who) => once(setting, series, who, places[who], size));
        }
        return { rows: rows(series, size, over, promises) };
      });
    },
  };
}

async function once(setting: Setting, series: Series, who: Who, place: Place, size: number): Promise<void> {
  const numbers = Array.from({ length: size }, () => place.next());
  for (const verb of ["ADD", "DEL"] as const) {
    const requests = numbers.map((n) => place.request(verb, n));
    series.push(`${who} ${verb}`, (await setting.driver.burst(place.host, requests)).wall);
  }
  setting.progress.step();
}

function rows(series: Series, size: number, over: object, promises: Partial<Record<Verb, number>>): Findings["rows"] {
  const how = "ipMasq" in over ? " with ipMasq" : "";
  return Object.entries(promises).map(([verb, atMost]) =>
    rowOf({
      what: `Burst of ${size} ${verb}s${how}, wall`,
      unit: "ms",
      ours: series.of(`ours ${verb}`),
      other: series.of(`reference ${verb}`),
      atMost,
    }),
  );
}
