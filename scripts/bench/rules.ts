/** What an attachment costs on a node with a large ruleset of somebody else's. */
import { inTurns, type Place } from "./place.ts";
import { rowOf } from "./row.ts";
import { type Part, type Setting, withPlaces } from "./setting.ts";
import { Series } from "./stats.ts";

export const rules: Part = {
  title: "ADD and DEL beside foreign rules",
  steps: ({ own }) => own,
  run: async (setting) => {
    const { rules: count, own, reference } = setting.sizes;
    const [without, ours] = await measure(setting, "ours", own);
    const [, theirs] = await measure(setting, "reference", reference);
    const row = rowOf({
      what: `ADD + DEL with ipMasq and ${count.toLocaleString("en")} foreign rules`,
      unit: "ms",
      ours,
      other: without,
      against: "our own without",
      reference: theirs,
      atMost: 1.2,
    });
    return { rows: [row] };
  },
};

/** ADD + DEL without and with the rules. */
async function measure(setting: Setting, who: "ours" | "reference", rounds: number): Promise<[number[], number[]]> {
  const place = { bin: setting.bin[who], containers: 4, over: { ipMasq: true } };
  return withPlaces(setting, [place, place], async (...[without, beside]) => {
    if (!without || !beside) throw new Error("two places were asked for");
    load(beside, setting.sizes.rules);
    const places = [
      { name: "without", place: without },
      { name: "beside", place: beside },
    ];
    const series = new Series();
    for (let round = 0; round < rounds; round++) {
      await inTurns(round, places, async ({ name, place }) => {
        const { add, del } = await place.cycle();
        series.push(name, add.wall + del.wall);
      });
      if (who === "ours") setting.progress.step();
    }
    return [[...series.of("without")], [...series.of("beside")]];
  });
}

function load({ host }: Place, count: number): void {
  const rule = (i: number) => `ip saddr 172.${16 + (i >> 16)}.${(i >> 8) & 255}.${i & 255} counter drop`;
  const text = `table ip foreign {\nchain forward {\ntype filter hook forward priority filter;\n${Array.from({ length: count }, (_, i) => rule(i)).join("\n")}\n}\n}\n`;
  const { exitCode, stderr } = Bun.spawnSync(["ip", "netns", "exec", host, "nft", "-f", "-"], {
    stdin: Buffer.from(text),
  });
  if (exitCode !== 0) throw new Error(`nft: ${stderr}`);
}
