/** Every verb beside the reference's, the start of a process, and the kernel's own time for the same objects. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { REGISTRY } from "../../src/registry.ts";
import { netnsPath } from "../../test/support/conf.ts";
import { kernelCycle } from "./floor.ts";
import { inTurns, type Place } from "./place.ts";
import { type Row, rowOf } from "./row.ts";
import { type Findings, type Part, type Setting, WHO, type Who, withPlaces } from "./setting.ts";
import { Series } from "./stats.ts";

const CONTAINERS = 16;
const TRUE = { file: "/bin/true", stdin: "", env: {} };
const MIB = 1 << 20;

export const plain: Part = {
  title: "ADD, CHECK, DEL, VERSION",
  steps: ({ plain }) => plain,
  run: (setting) => compare(setting, {}, setting.sizes.plain, plainRows),
};

export const masqueraded: Part = {
  title: "ADD and DEL with ipMasq",
  steps: ({ masquerade }) => masquerade,
  run: (setting) => compare(setting, { ipMasq: true }, setting.sizes.masquerade, masqueradedRows),
};

type Places = Record<Who, Place>;

async function compare(
  setting: Setting,
  over: object,
  rounds: number,
  rows: (series: Series, setting: Setting) => Row[],
): Promise<Findings> {
  const options = WHO.map((who) => ({ bin: setting.bin[who], containers: CONTAINERS, over }));
  return withPlaces(setting, options, async (ours, reference) => {
    const places = { ours, reference } as Places;
    const series = new Series();
    for (let round = 0; round < rounds; round++) {
      await inTurns(round, WHO, (who) => measure(series, who, places[who]));
      await floors(series, setting, places.ours);
      if (round < 15) for (const who of WHO) series.push(`${who} memory`, await peak(who, places[who]));
      setting.progress.step();
    }
    return { rows: rows(series, setting) };
  });
}

/** One attachment from ADD to DEL, and a VERSION. */
async function measure(series: Series, who: Who, place: Place): Promise<void> {
  const n = place.next();
  const add = await place.call("ADD", n);
  const check = await place.call("CHECK", n, { prevResult: JSON.parse(add.stdout) });
  const del = await place.call("DEL", n);
  const version = await place.call("VERSION", n);
  series.push(`${who} ADD`, add.wall);
  series.push(`${who} CHECK`, check.wall);
  series.push(`${who} DEL`, del.wall);
  series.push(`${who} CPU`, add.cpu + del.cpu);
  series.push(`${who} VERSION`, version.wall);
}

/** A bare process, and the kernel's share of an ADD and of a DEL. */
async function floors(series: Series, setting: Setting, place: Place): Promise<void> {
  series.push("true", (await setting.driver.run(place.host, TRUE)).wall);
  const { add, del } = await kernelCycle(setting, place);
  series.push("kernel add", add);
  series.push("kernel del", del);
}

/** Peak MiB of one ADD, as time(1) sees it: a child of a large process would be charged with that one's peak. */
async function peak(who: Who, place: Place): Promise<number> {
  const n = place.next();
  const { file, stdin, env } = place.request("ADD", n);
  const report = join(place.dir, `rss-${who}`);
  const cmd = ["nsenter", `--net=${netnsPath(place.host)}`, "time", "-f", "%M", "-o", report, file];
  const { exitCode, stdout } = Bun.spawnSync(cmd, { stdin: Buffer.from(stdin), env });
  if (exitCode !== 0) throw new Error(`time ${file}: ${stdout}`);
  await place.call("DEL", n);
  return Number(readFileSync(report, "utf8")) / 1024;
}

function plainRows(series: Series, { bin }: Setting): Row[] {
  const of = (name: string) => series.of(name);
  const both = (name: string) => ({ ours: of(`ours ${name}`), other: of(`reference ${name}`) });
  const ms = (what: string, name: string, atMost: number) => rowOf({ what, unit: "ms", ...both(name), atMost });
  const above = (what: string, name: string, floor: string, atMost: number): Row => {
    const against = floor === "true" ? "bare `true`" : "the kernel's own removal";
    const [ours, reference] = [of(`ours ${name}`), of(`reference ${name}`)];
    return rowOf({ what, unit: "ms", ours, other: of(floor), against, reference, kind: "difference", atMost });
  };
  const share = rowOf({
    what: "ADD, above the kernel's own share",
    unit: "ms",
    ours: of("ours ADD"),
    other: of("kernel add"),
    against: "the kernel's own share",
    reference: of("reference ADD"),
    kind: "difference",
  });
  return [
    ms("ADD", "ADD", 0.35),
    share,
    ms("CHECK", "CHECK", 0.3),
    above("DEL", "DEL", "kernel del", 3),
    ms("CPU of ADD + DEL", "CPU", 0.35),
    rowOf({ what: "Peak memory of an ADD", unit: "MiB", ...both("memory"), kind: "value", atMost: 3.5 }),
    above("VERSION", "VERSION", "true", 1.2),
    sizeRow(bin),
  ];
}

function masqueradedRows(series: Series): Row[] {
  const row = (verb: string, atMost: number) => {
    const [ours, other] = [series.of(`ours ${verb}`), series.of(`reference ${verb}`)];
    return rowOf({ what: `${verb} with ipMasq`, unit: "ms", ours, other, atMost });
  };
  const cpu = series.of("ours CPU");
  const what = "CPU of ADD + DEL with ipMasq";
  return [
    row("ADD", 0.2),
    row("DEL", 0.25),
    rowOf({ what, unit: "ms", ours: cpu, other: series.of("reference CPU"), atMost: 0.35 }),
  ];
}

/** The whole of ours beside those plugins of the reference that ours has. */
function sizeRow(bin: Setting["bin"]): Row {
  const size = (dir: string, ...names: string[]) =>
    names.reduce((sum, name) => sum + statSync(join(dir, name)).size, 0) / MIB;
  const set = REGISTRY.map(({ name }) => name);
  return rowOf({
    what: "Size of `berth`, all plugins in it",
    unit: "MiB",
    ours: [size(bin.ours, "berth")],
    other: [size(bin.reference, ...set)],
    kind: "value",
    atMost: 4,
  });
}
