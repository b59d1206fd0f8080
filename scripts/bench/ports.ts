/** Many mapped ports: in one ADD, beside others, and what a new connection through one costs. */
import { join } from "node:path";
import { sh } from "../../test/support/command.ts";
import { netnsPath } from "../../test/support/conf.ts";
import { PORTS, through } from "./chains.ts";
import { inTurns, type Place } from "./place.ts";
import { quiet } from "./quiet.ts";
import { type Row, rowOf } from "./row.ts";
import { type Part, type Setting, WHO, type Who, withPlaces } from "./setting.ts";
import { Series } from "./stats.ts";

const MORE = 5000;
/** Where the container listens; the mapped port is the last one. */
const PORT = 5201;
const CONNECTIONS = 2000;

export const ports: Part = {
  title: "mapped ports",
  steps: ({ own, bursts, traffic }) => own + bursts + traffic,
  run: async (setting) => ({
    rows: [...(await inOneAdd(setting)), ...(await besideOthers(setting)), ...(await connections(setting))],
  }),
};

/** What a container of the address 10.88.X.Y gets, of a plugin that made it elsewhere. */
function conf(place: Place, n: number, count: number, first = 20_000) {
  const address = `10.88.${200 + (n >> 8)}.${n & 255}/16`;
  const portMappings = Array.from({ length: count }, (_, i) => ({
    hostPort: first + i,
    containerPort: i === count - 1 ? PORT : 1 + i,
    protocol: "tcp",
  }));
  const { name } = place.conf;
  const prevResult = { cniVersion: "1.0.0", ips: [{ address }] };
  return { cniVersion: "1.0.0", name, type: "portmap", prevResult, runtimeConfig: { portMappings } };
}

function portmap(setting: Setting, who: Who, place: Place, verb: "ADD" | "DEL", n: number, stdin: object) {
  const request = { ...place.request(verb, n), file: join(setting.bin[who], "portmap"), stdin: JSON.stringify(stdin) };
  return setting.driver.run(place.host, request);
}

async function inOneAdd(setting: Setting): Promise<Row[]> {
  const options = WHO.map((who) => ({ bin: setting.bin[who], containers: 1 }));
  return withPlaces(setting, options, async (ours, reference) => {
    const places = { ours, reference } as Record<Who, Place>;
    const series = new Series();
    const once = async (who: Who, count: number) => {
      const stdin = conf(places[who], 1, count);
      const { wall } = await portmap(setting, who, places[who], "ADD", 1, stdin);
      series.push(who, wall);
      if (who === "ours") await portmap(setting, who, places[who], "DEL", 1, stdin);
    };
    const many = setting.sizes.ports;
    for (let i = 0; i < setting.sizes.bursts; i++) {
      await once("ours", many);
      setting.progress.step();
    }
    // It takes minutes, so once.
    await once("reference", many);
    const ours_ = series.of("ours");
    const [theirs = Number.NaN] = series.of("reference");
    const what = `ADD of portmap with ${many.toLocaleString("en")} ports`;
    const row = { what, unit: "ms", ours: ours_, other: ours_.map(() => theirs) };
    return [rowOf({ ...row, atMost: 0.01 }), rowOf({ ...row, kind: "value", atMost: 100 })];
  });
}

/** ADD + DEL of bridge and portmap where nobody else is, and on a bridge with many that have ports. */
async function besideOthers(setting: Setting): Promise<Row[]> {
  const place = { bin: setting.bin.ours, containers: 4, over: { ipMasq: true } };
  return withPlaces(setting, [place, place], async (...[one, many]) => {
    if (!one || !many) throw new Error("two places were asked for");
    for (let n = 1; n <= setting.sizes.attachments; n++) {
      await many.hold();
      await portmap(setting, "ours", many, "ADD", 100_000 + n, conf(many, n, 1, 20_000 + n));
    }
    await quiet();
    const series = new Series();
    const entries = [
      { name: "one", at: one },
      { name: "many", at: many },
    ];
    for (let round = 0; round < setting.sizes.own; round++) {
      await inTurns(round, entries, async ({ name, at }) => {
        series.push(name, (await through(setting.driver, at, setting.bin.ours, [PORTS], at.next())).add);
      });
      setting.progress.step();
    }
    return [
      rowOf({
        what: `ADD of bridge and portmap at ${setting.sizes.attachments.toLocaleString("en")} attachments with ports`,
        unit: "ms",
        ours: series.of("many"),
        other: series.of("one"),
        against: "our own at 1",
        atMost: 1.2,
      }),
    ];
  });
}

const SIDES = [
  { name: "ours 1", who: "ours", count: 1 },
  { name: `ours ${MORE}`, who: "ours", count: MORE },
  { name: "reference 1", who: "reference", count: 1 },
  { name: `reference ${MORE}`, who: "reference", count: MORE },
] as const;

/** New connections, one after the other, from a machine outside to a container, through the last port of those mapped. */
async function connections(setting: Setting): Promise<Row[]> {
  const options = SIDES.map(({ who }) => ({ bin: setting.bin[who], containers: 1 }));
  return withPlaces(setting, options, async (...places) => {
    const series = new Series();
    const sinks: Bun.Subprocess[] = [];
    try {
      const entries = [];
      for (const [i, side] of SIDES.entries()) {
        const place = places[i];
        if (!place) throw new Error("a place for each side was asked for");
        sinks.push(await mapped(setting, place, side));
        entries.push({ ...side, place });
      }
      for (let round = 0; round < setting.sizes.traffic; round++) {
        await inTurns(round, entries, async ({ name, place, count }) => {
          const env = { TRAFFIC: "connect", TO: "192.0.2.1", PORT: `${20_000 + count - 1}`, COUNT: `${CONNECTIONS}` };
          const request = { file: setting.programs.traffic, stdin: "", env };
          const { stdout } = await setting.driver.run(`${place.host}-far`, request);
          const [done = 0, ns = 1, p50 = 0] = stdout.trim().split(" ").map(Number);
          series.push(`${name} rate`, (done / ns) * 1e6);
          series.push(`${name} p50`, p50 / 1000);
        });
        setting.progress.step();
      }
    } finally {
      for (const sink of sinks) sink.kill();
      for (const { host } of places) await setting.driver.forget(`${host}-far`);
    }
    return rows(series);
  });
}

/** Attaches a container that listens, with mapped ports, to a place with a machine outside. */
async function mapped(setting: Setting, place: Place, { who, count }: (typeof SIDES)[number]): Promise<Bun.Subprocess> {
  const { host, containers } = place;
  const far = `${host}-far`;
  await setting.driver.netns(far);
  sh(host, ..."ip link add far0 type veth peer name eth0 netns".split(" "), far);
  sh(host, ..."ip addr add 192.0.2.1/24 dev far0".split(" "));
  sh(host, ..."ip link set far0 up".split(" "));
  sh(far, ..."ip addr add 192.0.2.2/24 dev eth0".split(" "));
  sh(far, ..."ip link set eth0 up".split(" "));
  const n = place.next();
  const prevResult = JSON.parse((await place.call("ADD", n)).stdout);
  const stdin = { ...conf(place, n, who === "ours" ? count : 1), prevResult };
  await portmap(setting, who, place, "ADD", n, stdin);
  if (who === "reference" && count > 1) load(host, prevResult.ips[0].address.replace(/\/.*/, ""), count);
  const inside = containers[n % containers.length] ?? "";
  return Bun.spawn(["nsenter", `--net=${netnsPath(inside)}`, setting.programs.traffic], {
    env: { TRAFFIC: "awake", PORT: `${PORT}` },
    stdout: "inherit",
  });
}

/** What the reference would have made in many minutes: in its form, loaded by iptables-restore. */
function load(host: string, address: string, count: number): void {
  const chain = sh(host, "iptables", "-t", "nat", "-S").match(/^-N (CNI-DN-\w+)$/m)?.[1] ?? "";
  const ports = Array.from({ length: count }, (_, i) => 20_000 + i);
  const rules = ports.flatMap((port) => [
    `-A ${chain} -s 10.88.0.0/16 -p tcp -m tcp --dport ${port} -j CNI-HOSTPORT-SETMARK`,
    `-A ${chain} -s 127.0.0.1/32 -p tcp -m tcp --dport ${port} -j CNI-HOSTPORT-SETMARK`,
    `-A ${chain} -p tcp -m tcp --dport ${port} -j DNAT --to-destination ${address}:${PORT}`,
  ]);
  const entries = Array.from(
    { length: Math.ceil(count / 15) },
    (_, i) => `-A CNI-HOSTPORT-DNAT -p tcp -m multiport --dports ${ports.slice(15 * i, 15 * i + 15)} -j ${chain}`,
  );
  const text = `*nat\n-F ${chain}\n-F CNI-HOSTPORT-DNAT\n${[...rules, ...entries].join("\n")}\nCOMMIT\n`;
  const command = ["ip", "netns", "exec", host, "iptables-restore", "--noflush"];
  const { exitCode, stderr } = Bun.spawnSync(command, { stdin: Buffer.from(text) });
  if (exitCode !== 0) throw new Error(`iptables-restore: ${stderr}`);
}

function rows(series: Series): Row[] {
  const of = (what: string) => ({
    ours: series.of(`ours ${MORE} ${what}`),
    other: series.of(`ours 1 ${what}`),
    against: "our own at 1",
    reference: series.of(`reference ${MORE} ${what}`),
    atMost: 1.05,
  });
  const at = `through a mapped port, at ${MORE.toLocaleString("en")} mappings`;
  return [
    rowOf({ what: `New connections ${at}`, unit: "1,000/s", ...of("rate"), kind: "slowdown" }),
    rowOf({ what: `The median connection ${at}`, unit: "us", ...of("p50") }),
    rowOf({
      what: "The same at 1 mapping",
      unit: "us",
      ours: series.of("ours 1 p50"),
      other: series.of("reference 1 p50"),
    }),
  ];
}
