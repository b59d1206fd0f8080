/** Network configurations of the bridge plugin: the keys of ref-bridge §1, mostly valid. */
import fc from "fast-check";
import type { Json } from "../support/command.ts";
import { hostLocal, rangeSets, STORE, soundHostLocal, wishes } from "./generate-ipam.ts";
import { key, pick, record, type Values } from "./values.ts";

export const VERSIONS = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"] as const;

/** CHECK needs 0.4.0, GC and STATUS need 1.1.0. */
const WEIGHTS: Partial<Record<string, number>> = { "0.4.0": 5, "1.0.0": 6, "1.1.0": 10 };

const cniVersion: Values = fc.oneof(
  {
    weight: 60,
    arbitrary: pick<string>(...VERSIONS.map((version) => [WEIGHTS[version] ?? 1, version] as const)),
  },
  {
    weight: 1,
    arbitrary: pick<unknown>([1, "9.9.9"], [1, ""], [1, "1.0"], [1, "a.b"], [1, undefined], [1, 1], [1, "1.1.0.0"]),
  },
);

const name: Values = fc.oneof(
  { weight: 60, arbitrary: pick([3, "net"], [1, "Net-2_x.y"], [1, "n".repeat(120)]) },
  { weight: 1, arbitrary: pick<unknown>([1, ""], [1, "a/b"], [1, "-net"], [1, undefined], [1, 7]) },
);

const NEVER: Values = fc.constant(undefined);
const flag = (percent: number) => key(percent, pick<unknown>([6, true], [2, false], [1, null]));

const TRUNK: Values = pick<unknown>(
  [2, [{ id: 42 }]],
  [2, [{ minID: 100, maxID: 102 }]],
  [1, [{ minID: 5, maxID: 6, id: 9 }]],
  [1, []],
  [1, [{ minID: 9 }]],
  [1, [{ maxID: 9 }]],
  [1, [{ minID: 9, maxID: 3 }]],
  [1, [{ id: 5000 }]],
  [1, null],
);

export const MACS = ["02:11:22:33:44:55", "0a:59:0a:4d:00:09", "02-11-22-33-44-66", "0211.2233.4477"] as const;
const mac: Values = pick<unknown>(
  [4, MACS[0]],
  [3, MACS[1]],
  [1, MACS[2]],
  [1, MACS[3]],
  [1, ""],
  [1, "02:11:22:33:44"],
  [1, "01:00:5e:00:00:01"],
  [1, "0A:59:0A:4D:00:09"],
  [1, "nonsense"],
);

const dns: Values = record({
  nameservers: key(60, pick<unknown>([3, ["192.0.2.53"]], [1, []], [1, ["x"]])),
  domain: key(50, pick([2, "example.org"], [1, ""])),
  search: key(50, pick<unknown>([2, ["a.example", "b.example"]], [1, []], [1, [null, "a.example"]])),
  options: key(50, pick<unknown>([2, ["ndots:2"]], [1, null])),
});

/** The plugin static. */
const fixed: Values = record({
  type: fc.constant("static"),
  addresses: key(
    95,
    fc.array(
      record({
        address: key(98, pick([8, "10.77.0.40/24"], [4, "fd77::40/64"], [1, "10.78.0.40/16"], [1, "10.77.0.40"])),
        gateway: key(70, pick([8, "10.77.0.1"], [2, "fd77::1"], [1, ""], [1, "x"])),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  ),
  routes: key(60, pick<unknown>([4, [{ dst: "0.0.0.0/0" }]], [1, [{ dst: "10.93.0.0/16", gw: "10.77.0.7" }]], [1, []])),
  dns: key(20, dns),
});

const ipam: Values = fc.oneof(
  { weight: 150, arbitrary: hostLocal },
  { weight: 4, arbitrary: fc.constant(undefined) },
  { weight: 3, arbitrary: pick<unknown>([2, {}], [2, { type: "" }], [1, null]) },
  { weight: 8, arbitrary: fixed },
  { weight: 3, arbitrary: pick<unknown>([1, { type: "absent" }], [1, { type: "../host-local" }], [1, { type: 3 }]) },
);

const runtimeConfig: Values = record({
  mac: key(40, mac),
  ips: key(35, wishes),
  ipRanges: key(35, rangeSets),
  portMappings: key(20, fc.constant([{ hostPort: 80, containerPort: 80, protocol: "tcp" }])),
});
const args: Values = record({
  cni: record({ mac: key(60, mac), ips: key(50, wishes), labels: key(20, fc.constant([])) }),
});

/** Keys that make an ADD fail on most machines are rare, so that calls get somewhere. */
const keys: Record<string, Values> = {
  cniVersion,
  name,
  type: key(98, fc.constant("bridge")),
  bridge: key(92, pick<unknown>([160, "br0"], [1, ""], [1, "a-name-too-long0"], [1, "a/b"], [1, null], [1, "br 0"])),
  isGateway: flag(65),
  isDefaultGateway: flag(25),
  forceAddress: flag(15),
  ipMasq: flag(18),
  ipMasqBackend: key(12, pick<unknown>([4, "nftables"], [3, "iptables"], [1, "ipvs"], [1, ""], [1, null])),
  mtu: key(20, pick<unknown>([5, 1400], [2, 9000], [1, 0], [1, -5], [1, 70000], [1, 40])),
  hairpinMode: flag(15),
  promiscMode: flag(8),
  vlan: key(5, pick<unknown>([2, 100], [2, 0], [1, 5000], [1, -1])),
  vlanTrunk: key(5, TRUNK),
  preserveDefaultVlan: flag(6),
  macspoofchk: flag(7),
  enabledad: flag(5),
  disableContainerInterface: flag(4),
  portIsolation: flag(15),
  ipam,
  dns: key(15, dns),
  args: key(14, args),
  runtimeConfig: key(16, runtimeConfig),
  capabilities: key(
    12,
    pick<unknown>([4, { mac: true, ips: true }], [1, { mac: "yes" }], [1, { mac: null }], [1, null]),
  ),
  berth: fc.constant({ indexDir: "$DIR/index" }),
  foreign: key(10, fc.constant({ unknown: [1, "two"] })),
};

/** What may be in the place of any value. */
const ODD: Values = pick<unknown>(
  [3, null],
  [1, 5],
  [1, -1],
  [1, 1.5],
  [1, "text"],
  [1, true],
  [1, []],
  [1, {}],
  [1, [[]]],
);

interface Mutation {
  readonly at: string;
  readonly how: "value" | "case";
  readonly value: Json;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.constantFrom(
    ...Object.keys(keys).filter((one) => one !== "berth"),
    ...["ranges", "subnet", "routes", "resolvConf", "gateway", "type", "dataDir"].map((one) => `ipam.${one}`),
    ...["mac", "ips", "ipRanges"].map((one) => `runtimeConfig.${one}`),
    "args.cni",
  ),
  how: pick([2, "case" as const], [1, "value" as const]),
  value: ODD,
});

function mutate(conf: Json, { at, how, value }: Mutation): Json {
  const path = at.split(".");
  const last = path.pop() ?? "";
  const copy = structuredClone(conf);
  let holder = copy;
  for (const step of path) holder = holder?.[step];
  if (typeof holder !== "object" || holder === null || Array.isArray(holder)) return conf;
  if (how === "value" && at === "ipam.dataDir") holder[last] = 5;
  else if (how === "value") holder[last] = value;
  else if (last in holder) {
    holder[last.toUpperCase()] = holder[last];
    delete holder[last];
  }
  return copy;
}

/** The default of dataDir is a directory of the machine's, which two sides must not share. */
function withDataDir(conf: Json): Json {
  for (const key of ["ipam", "IPAM"]) {
    const ipam = conf[key];
    if (typeof ipam !== "object" || ipam === null || Array.isArray(ipam)) continue;
    const given = Object.keys(ipam).some((name) => name.toLowerCase() === "datadir");
    if (!given) conf[key] = { ...ipam, dataDir: STORE };
  }
  return conf;
}

const mutations = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Mutation[]>([]) },
  { weight: 1, arbitrary: fc.array(mutation, { minLength: 1, maxLength: 2 }) },
);

/** Configurations that every machine can do: in them calls get somewhere, CHECK above all. */
const sound: Values = record({
  ...keys,
  ...Object.fromEntries(["vlan", "vlanTrunk", "disableContainerInterface", "capabilities"].map((one) => [one, NEVER])),
  cniVersion: pick<string>(...VERSIONS.map((version) => [WEIGHTS[version] ?? 1, version] as const)),
  name: fc.constant("net"),
  type: fc.constant("bridge"),
  bridge: fc.constant("br0"),
  ipMasqBackend: key(30, fc.constant("nftables")),
  mtu: key(20, pick([1, 1400], [1, 9000])),
  promiscMode: key(10, fc.constant(true)),
  hairpinMode: NEVER,
  ipam: soundHostLocal,
  args: key(10, fc.constant({ cni: { mac: MACS[0] } })),
  runtimeConfig: key(10, pick<object>([1, { mac: MACS[1] }], [1, { ips: ["10.77.0.9"] }])),
});

export const bridgeConfig: Values = fc.oneof(
  { weight: 2, arbitrary: sound },
  {
    weight: 3,
    arbitrary: fc.tuple(record(keys), mutations).map(([conf, changes]) => withDataDir(changes.reduce(mutate, conf))),
  },
);
