/** Many masqueraded containers on a node: what one more costs, and what a packet costs. */
import { join } from "node:path";
import { kernelCycle } from "./floor.ts";
import { inTurns, type Place } from "./place.ts";
import { quiet } from "./quiet.ts";
import { type Row, rowOf } from "./row.ts";
import { type Findings, type Part, type Point, type Setting, type Who, withPlaces } from "./setting.ts";
import { Series, summarise } from "./stats.ts";
import { countRules, openPath, type Rates } from "./traffic.ts";

export const attachments: Part = {
  title: "many attachments, and NAT",
  steps: ({ cycles, traffic, attachments }) => attachments + cycles + traffic,
  run: (setting) => {
    const options = SIDES.map(({ who }) => ({ bin: setting.bin[who], containers: 4, over: { ipMasq: true } }));
    return withPlaces(setting, options, (...places) => measure(setting, sidesIn(places)));
  },
};

const SIDES = [
  { name: "ours one", who: "ours" },
  { name: "ours many", who: "ours" },
  { name: "reference one", who: "reference" },
  { name: "reference many", who: "reference" },
] as const;

interface Side {
  readonly name: string;
  readonly who: Who;
  readonly place: Place;
}

function sidesIn(places: readonly Place[]): Side[] {
  return SIDES.flatMap((side, index) => (places[index] ? [{ ...side, place: places[index] }] : []));
}

async function measure(setting: Setting, sides: readonly Side[]): Promise<Findings> {
  const senders = new Map<Side, string>();
  const counts = new Map<string, number>();
  for (const side of sides) {
    senders.set(side, await populate(setting, side));
    counts.set(side.name, countRules(side.place.host));
  }
  const series = new Series();
  await quiet();
  await cycles(setting, sides, series);
  await traffic(setting, senders, series);
  const [one = 0, many = 0] = [counts.get("ours one"), counts.get("ours many")];
  if (one !== many) throw new Error(`${one} rules at one attachment, ${many} at ${setting.sizes.attachments}`);
  return findings(setting, series, [one, counts.get("reference many") ?? 0]);
}

/** Attaches one container, or many: the namespace of the one that will send. */
async function populate({ sizes, progress }: Setting, { name, place }: Side): Promise<string> {
  const more = sizes.attachments - 1;
  if (name === "reference many") loadRules(place, 0, more >> 1);
  const sender = await place.hold();
  if (name === "reference many") loadRules(place, more >> 1, more);
  for (let i = 0; name === "ours many" && i < more; i++) {
    await place.hold();
    progress.step();
  }
  return sender;
}

/**
 * The rules that the reference makes for an attachment, of as many that are not there: it would take minutes to attach
 * them. The sender's own come in their middle.
 */
function loadRules({ host }: Place, from: number, to: number): void {
  const chains: string[] = [];
  const lines: string[] = [];
  for (let i = from; i < to; i++) {
    const chain = `CNI-${(i + 1e9).toString(16).padStart(24, "0")}`;
    const comment = `-m comment --comment "name: \\"benchnet\\" id: \\"${(i + 1e9).toString(16).padStart(64, "0")}\\""`;
    chains.push(`:${chain} - [0:0]`);
    lines.push(`-A POSTROUTING -s 10.88.${128 + (i >> 8)}.${i & 255}/32 ${comment} -j ${chain}`);
    lines.push(`-A ${chain} -d 10.88.0.0/16 ${comment} -j ACCEPT`);
    lines.push(`-A ${chain} ! -d 224.0.0.0/4 ${comment} -j MASQUERADE`);
  }
  const text = ["*nat", ...chains, ...lines, "COMMIT", ""].join("\n");
  const cmd = ["ip", "netns", "exec", host, "iptables-restore", "--noflush"];
  const { exitCode, stderr } = Bun.spawnSync(cmd, { stdin: Buffer.from(text) });
  if (exitCode !== 0) throw new Error(`iptables-restore: ${stderr}`);
}

async function cycles(setting: Setting, sides: readonly Side[], series: Series): Promise<void> {
  const { sizes, progress } = setting;
  const push = async ({ name, who, place }: Side) => {
    const { add, del } = await place.cycle();
    series.push(name, add.wall + del.wall);
    if (who !== "ours") return;
    const kernel = await kernelCycle(setting, place);
    series.push(`kernel of ${name}`, kernel.add + kernel.del);
    series.push(`guest of ${name}`, await guestCycle(setting, place));
  };
  const ours = sides.filter(({ who }) => who === "ours");
  const reference = sides.filter(({ who }) => who === "reference");
  for (let round = 0; round < sizes.cycles; round++) {
    await inTurns(round, ours, push);
    if (round < sizes.reference) await inTurns(round, reference, push);
    progress.step();
  }
}

/** ADD and DEL by the reference, without ipMasq, of one container more on the bridge of `place`. */
async function guestCycle({ driver, bin }: Setting, place: Place): Promise<number> {
  const range = { subnet: "10.88.0.0/16", rangeStart: "10.88.250.1", rangeEnd: "10.88.250.99", gateway: "10.88.0.1" };
  const ipam = { ...(place.conf.ipam as object), ranges: [[range]] };
  let wall = 0;
  const n = place.next();
  for (const verb of ["ADD", "DEL"] as const) {
    const { stdin, env } = place.request(verb, n, { name: "guest", ipMasq: false, ipam });
    const file = join(bin.reference, "bridge");
    wall += (await driver.run(place.host, { file, stdin, env: { ...env, CNI_PATH: bin.reference } })).wall;
  }
  return wall;
}

async function traffic(setting: Setting, senders: ReadonlyMap<Side, string>, series: Series): Promise<void> {
  const { driver, programs, sizes, progress } = setting;
  const paths = [];
  try {
    for (const [{ name, place }, sender] of senders) {
      paths.push({ name, path: await openPath(driver, place, sender, programs.traffic) });
    }
    for (let round = 0; round < sizes.traffic; round++) {
      await inTurns(round, paths, async ({ name, path }) => {
        for (const [kind, rate] of Object.entries(await path.measure())) series.push(`${name} ${kind}`, rate);
      });
      progress.step();
    }
  } finally {
    for (const { path } of paths) await path.close();
  }
}

const TRAFFIC: Record<keyof Rates, { what: string; unit: string }> = {
  throughput: { what: "NAT, TCP throughput", unit: "Gbit/s" },
  packets: { what: "NAT, packets of one flow", unit: "1,000/s" },
  flows: { what: "NAT, first packets of flows", unit: "1,000/s" },
};

function findings({ sizes }: Setting, series: Series, [rules, theirs]: [number, number]): Findings {
  const many = sizes.attachments.toLocaleString("en");
  const cycle = rowOf({
    what: `ADD + DEL with ipMasq at ${many} attachments`,
    unit: "ms",
    ours: series.of("ours many"),
    other: series.of("ours one"),
    against: "our own at 1",
    reference: series.of("reference many"),
    atMost: 1.2,
  });
  const floor = rowOf({
    what: "the kernel's own ADD + DEL there",
    unit: "ms",
    ours: series.of("kernel of ours many"),
    other: series.of("kernel of ours one"),
    against: "the same at 1",
  });
  const guest = rowOf({
    what: "the reference's ADD + DEL on the same bridge, without ipMasq",
    unit: "ms",
    ours: series.of("guest of ours many"),
    other: series.of("guest of ours one"),
    against: "the same at 1",
  });
  const nat = Object.entries(TRAFFIC).map(([kind, { what, unit }]) => trafficRow(series, kind, what, unit, many));
  const points: Point[] = SIDES.map(({ name, who }) => ({
    chart: "attachments",
    who,
    x: name.endsWith("one") ? 1 : sizes.attachments,
    y: summarise(series.of(name)).median,
  }));
  const note = `Rules at ${many} masqueraded attachments: ${rules}, as many as at 1; the reference: ${theirs}, loaded with iptables-restore in the form in which it makes them.`;
  return { rows: [cycle, floor, guest, ...nat], points, notes: [note] };
}

/** The ratio is how much longer it takes at many: the rate at one by the rate at many. */
function trafficRow(series: Series, kind: string, what: string, unit: string, many: string): Row {
  const at = (name: string) => series.of(`${name} ${kind}`);
  return rowOf({
    what: `${what}, at ${many} attachments`,
    unit,
    ours: at("ours many"),
    other: at("ours one"),
    against: "our own at 1",
    reference: at("reference many"),
    kind: "slowdown",
    atMost: 1 / 0.95,
  });
}
