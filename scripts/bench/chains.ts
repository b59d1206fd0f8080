/** Whole lists of plugins, as runtimes call them: ADD forward, DEL backward. */
import { join } from "node:path";
import type { Driver } from "./driver.ts";
import { inTurns, type Place } from "./place.ts";
import { type Row, rowOf } from "./row.ts";
import { type Findings, type Part, type Setting, WHO, type Who, withPlaces } from "./setting.ts";
import { Series } from "./stats.ts";

interface Chain {
  /** "nerdctl's default list": whose it is. */
  readonly what: string;
  /** Keys of the first plugin beside those of the place (place.ts). */
  readonly first: object;
  /** The plugins after it. */
  readonly rest: readonly Plugin[];
  readonly atMost: number;
}

export interface Plugin {
  readonly type: string;
  readonly [key: string]: unknown;
}

export const PORTS = {
  type: "portmap",
  runtimeConfig: {
    portMappings: [
      { hostPort: 18_080, containerPort: 8080, protocol: "tcp" },
      { hostPort: 18_443, containerPort: 8443, protocol: "tcp" },
      { hostPort: 15_353, containerPort: 5353, protocol: "udp" },
    ],
  },
} as const;

const RANGES = [[{ subnet: "10.88.0.0/16" }], [{ subnet: "fd88::/64" }]];
const ROUTES = [{ dst: "0.0.0.0/0" }, { dst: "::/0" }];

/** As ../shared/cases/conflists/04-nerdctl-default and 15-kindnet have them. */
const CHAINS: readonly Chain[] = [
  {
    what: "nerdctl's default list (bridge, portmap with 3 ports, firewall, tuning)",
    first: { ipMasq: true, hairpinMode: true },
    rest: [PORTS, { type: "firewall", ingressPolicy: "same-bridge" }, { type: "tuning" }],
    atMost: 0.2,
  },
  {
    what: "kind's list (ptp of both families, portmap with 3 ports)",
    first: { type: "ptp", cniVersion: "0.3.1", mtu: 1500, ipam: { ranges: RANGES, routes: ROUTES } },
    rest: [PORTS],
    atMost: 0.3,
  },
];

export const chains: Part = {
  title: "chains of plugins",
  steps: ({ chains }) => chains * CHAINS.length,
  run: async (setting) => {
    const findings: Row[] = [];
    for (const chain of CHAINS) findings.push(...(await measure(setting, chain)).rows);
    return { rows: findings };
  },
};

/** ADD and DEL of a whole list for the attachment `n`, in milliseconds of the plugins alone. */
export async function through(
  driver: Driver,
  place: Place,
  bin: string,
  rest: readonly Plugin[],
  n: number,
): Promise<{ add: number; del: number }> {
  const plugins: Plugin[] = [place.conf as Plugin, ...rest];
  const { cniVersion, name } = place.conf;
  const run = (verb: "ADD" | "DEL", plugin: Plugin, prevResult: unknown) => {
    const stdin = JSON.stringify({ cniVersion, name, ...plugin, ...(prevResult !== undefined && { prevResult }) });
    return driver.run(place.host, { ...place.request(verb, n), file: join(bin, plugin.type), stdin });
  };
  let [add, del] = [0, 0];
  let result: unknown;
  for (const plugin of plugins) {
    const { wall, stdout } = await run("ADD", plugin, result);
    result = JSON.parse(stdout);
    add += wall;
  }
  for (const plugin of plugins.toReversed()) del += (await run("DEL", plugin, result)).wall;
  return { add, del };
}

async function measure(setting: Setting, { what, first, rest, atMost }: Chain): Promise<Findings> {
  const { bin, driver, sizes, progress } = setting;
  const options = WHO.map((who) => ({ bin: bin[who], containers: 4, over: first }));
  return withPlaces(setting, options, async (ours, reference) => {
    const places = { ours, reference } as Record<Who, Place>;
    const series = new Series();
    for (let round = 0; round < sizes.chains; round++) {
      await inTurns(round, WHO, async (who) => {
        const { add, del } = await through(driver, places[who], bin[who], rest, places[who].next());
        series.push(who, add + del);
        series.push(`${who} ADD`, add);
      });
      progress.step();
    }
    const [own, other] = [series.of("ours"), series.of("reference")];
    return {
      rows: [
        rowOf({ what: `ADD + DEL of ${what}`, unit: "ms", ours: own, other, atMost }),
        rowOf({ what: "of which ADD", unit: "ms", ours: series.of("ours ADD"), other: series.of("reference ADD") }),
      ],
    };
  });
}
