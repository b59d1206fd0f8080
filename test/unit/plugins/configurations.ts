/** Configurations for the schemas: generated, changed anywhere, and read as Go reads names and null. */
import fc from "fast-check";
import { bridgeConfig } from "../../differential/generate-config.ts";
import { key, pick, record, type Values } from "../../differential/values.ts";
import type { Json } from "../../support/command.ts";

const attachments: Values = pick<unknown>([4, [{ containerID: "c1", ifname: "eth0" }]], [2, []], [1, null], [1, [{}]]);

/** A whole configuration of a bridge with host-local, mostly valid; its `name` may be absent, as it is within a list. */
export const configuration: Values = fc
  .tuple(
    bridgeConfig,
    record({
      prevResult: key(10, fc.constant({ cniVersion: "1.0.0", ips: [] })),
      "cni.dev/valid-attachments": key(10, attachments),
      "cni.dev/attachments": key(10, attachments),
      berth: record({
        macFromAddress: key(30, fc.boolean()),
        lockTimeout: key(30, pick([3, 5], [1, 0], [1, -1])),
        indexDir: key(30, fc.constant("/run/index")),
      }),
    }),
  )
  .map(([conf, more]) => ({ ...conf, ...more }));

/** One with every key. */
export const FULL: Json = {
  cniVersion: "1.1.0",
  name: "net",
  type: "bridge",
  isGateway: true,
  isDefaultGateway: true,
  forceAddress: true,
  ipMasq: true,
  hairpinMode: true,
  promiscMode: false,
  preserveDefaultVlan: true,
  macspoofchk: false,
  enabledad: false,
  disableContainerInterface: false,
  portIsolation: false,
  bridge: "br0",
  ipMasqBackend: "nftables",
  mtu: 1400,
  vlan: 100,
  vlanTrunk: [{ id: 42, minID: 100, maxID: 102 }],
  ipam: {
    type: "host-local",
    ranges: [[{ subnet: "10.1.0.0/24", rangeStart: "10.1.0.9", rangeEnd: "10.1.0.99", gateway: "10.1.0.1" }]],
    subnet: "fd00::/64",
    rangeStart: "fd00::9",
    rangeEnd: "fd00::99",
    gateway: "fd00::1",
    routes: [{ dst: "::/0", gw: "fd00::1", mtu: 1300, advmss: 1200, priority: 7, table: 7, scope: 0 }],
    resolvConf: "/etc/resolv.conf",
    dataDir: "/var/lib/cni/networks",
  },
  dns: { nameservers: ["10.1.0.1"], domain: "example.org", search: ["example.org"], options: ["ndots:2"] },
  runtimeConfig: {
    mac: "",
    ips: ["10.1.0.9/24"],
    ipRanges: [[{ subnet: "10.2.0.0/24" }]],
    portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp", hostIP: "192.0.2.1" }],
  },
  backend: "iptables",
  snat: true,
  masqAll: false,
  markMasqBit: 13,
  conditionsV4: ["-d", "192.0.2.0/24"],
  conditionsV6: [],
  args: { cni: { mac: "02:00:00:00:00:01", ips: ["fd00::9"] } },
  capabilities: { mac: true },
  prevResult: {},
  "cni.dev/valid-attachments": [{ containerID: "c1", ifname: "eth0" }],
  "cni.dev/attachments": [{ containerID: "c1", ifname: "eth0" }],
  berth: { macFromAddress: true, lockTimeout: 5, indexDir: "/run/index" },
};

/** One of static with every key. */
export const STATIC: Json = {
  cniVersion: "1.1.0",
  name: "net",
  ipam: {
    type: "static",
    addresses: [{ address: "10.1.0.9/24", gateway: "10.1.0.1" }, { address: "fd00::9/64" }],
    routes: FULL.ipam.routes,
    dns: FULL.dns,
  },
  runtimeConfig: { ips: [] },
  args: { cni: { ips: [] } },
  prevResult: {},
};

const CIDRS = [[], ["10.1.0.9/24"], ["10.1.0.9/24", "fd00::9/64"], ["10.1.0.9/24", "10.1.1.9/24"], ["10.1.0.9"]];
const cidrs = (percent: number) => key(percent, fc.constantFrom(...CIDRS));
const address = record({
  address: key(95, pick([5, "10.1.0.9/24"], [5, "fd00::9/64"], [1, "10.1.0.9"], [1, ""])),
  gateway: key(50, pick([5, "10.1.0.1"], [1, ""], [1, "none"])),
});

/** A whole configuration of static, mostly valid. */
export const staticConfiguration: Values = record({
  cniVersion: key(90, fc.constantFrom("0.2.0", "0.4.0", "1.0.0", "1.1.0")),
  name: fc.constant("net"),
  ipam: record({
    addresses: key(90, fc.array(address, { maxLength: 2 })),
    routes: key(20, fc.constant(FULL.ipam.routes)),
    dns: key(20, fc.constant(FULL.dns)),
  }),
  runtimeConfig: record({ ips: cidrs(30) }),
  args: record({ cni: record({ ips: cidrs(30) }) }),
});

const TUNED = {
  sysctl: { "net.ipv4.conf.IFNAME.arp_filter": "1" },
  mac: "02:00:00:00:00:01",
  mtu: 1400,
  promisc: true,
  allmulti: false,
  txQLen: 500,
};

/** One of tuning with every key. */
export const TUNING: Json = {
  cniVersion: "1.1.0",
  name: "net",
  type: "tuning",
  capabilities: { mac: true },
  ipam: { type: "host-local" },
  dns: FULL.dns,
  prevResult: {},
  "cni.dev/valid-attachments": FULL["cni.dev/valid-attachments"],
  "cni.dev/attachments": null,
  ...TUNED,
  dataDir: "/run/cni/tuning",
  runtimeConfig: { mac: "" },
  args: { cni: TUNED },
};

const tuned = (percent: number) => ({
  sysctl: key(percent, pick<unknown>([4, { "net.ipv4.ip_forward": "1" }], [1, { "kernel.x": "1" }], [1, {}])),
  mac: key(percent, pick([4, "02:00:00:00:00:01"], [1, ""], [1, "0200.0000.0001"], [1, "01:00:00:00:00:01"])),
  mtu: key(percent, pick([6, 1400], [1, 0], [1, -1], [1, 2 ** 31])),
  promisc: key(percent, fc.boolean()),
  allmulti: key(percent, fc.boolean()),
  txQLen: key(percent, pick([6, 500], [1, 0], [1, -1], [1, 2 ** 32])),
});

/** A whole configuration of tuning, mostly valid. */
export const tuningConfiguration: Values = record({
  cniVersion: key(90, fc.constantFrom("0.2.0", "0.4.0", "1.0.0", "1.1.0")),
  name: fc.constant("net"),
  type: fc.constant("tuning"),
  ...tuned(20),
  dataDir: key(20, fc.constantFrom("", "/run/x")),
  prevResult: key(50, fc.constant({})),
  runtimeConfig: key(20, record({ mac: key(80, fc.constantFrom("", "02:00:00:00:00:02")) })),
  args: key(30, record({ cni: key(90, record(tuned(20))) })),
});

export interface Mutation {
  /** Which of the configuration's members and items; counted round. */
  readonly at: number;
  /** "case": its name in the other case. "twice": before it, the same in the other case; "null": after it, null. */
  readonly how: "value" | "drop" | "case" | "twice" | "null";
  readonly value: Json;
}

/** What may be in the place of any value: of each type, and on both sides of limits. */
export const VALUES: readonly Json[] = [
  ...[null, true, [], {}, [[]], [null], { "": null }, [{}], ["10.1.2.3"]],
  ...[-1, 0, 1, 1.5, 67, 68, 4094, 4095, 65_535, 65_536, 2 ** 53],
  ...["", "text", "a/b", "a b", "a:b", "-a", "..", "10.1.2.3", "10.1.2.0/24", "::1", "::ffff:10.1.2.0/120", "1.0"],
  ...["02:00:00:00:00:01", "01:00:00:00:00:01", "02:00:00:00:00:00:00:01"],
  ...[15, 16, 255, 256].map((length) => "n".repeat(length)),
  ...["\u00fc".repeat(7), "\u00fc".repeat(8)],
];

/** Changes of values come first: Go reads every spelling of a name, so that a wrong value is refused also before a good one. */
export const mutations: fc.Arbitrary<Mutation[]> = fc
  .tuple(
    changes(pick([4, "value" as const], [1, "drop" as const])),
    changes(pick([2, "case" as const], [1, "twice" as const], [1, "null" as const])),
  )
  .map(([values, spellings]) => [...values, ...spellings]);

function changes(how: fc.Arbitrary<Mutation["how"]>): fc.Arbitrary<Mutation[]> {
  return fc.array(fc.record({ at: fc.nat(), how, value: fc.constantFrom(...VALUES) }), { maxLength: 2 });
}

/** `conf`, which stays as it is, with one change. */
export function mutated(conf: Json, { at, how, value }: Mutation): Json {
  const copy = structuredClone(conf);
  const places = placesOf(copy);
  const place = places[at % places.length];
  if (place === undefined) return copy;
  const { holder, name } = place;
  if (how === "value") holder[name] = value;
  else if (how === "drop" && !Array.isArray(holder)) delete holder[name];
  else if (!Array.isArray(holder)) respell(holder, name, how);
  return copy;
}

function respell(holder: Json, name: string, how: Mutation["how"]): void {
  const other = name === name.toUpperCase() ? name.toLowerCase() : name.toUpperCase();
  if (other === name) return;
  const value = holder[name];
  if (how === "null") holder[other] = null;
  else holder[other] = value;
  if (how === "case") delete holder[name];
  if (how !== "twice") return;
  delete holder[name];
  holder[name] = structuredClone(value);
}

/**
 * Whether a name stands there in two spellings with values that differ. Go reads both, and what is wrong in the first is
 * refused though the second counts: the schema never sees the first.
 */
export function contradictsItself(value: Json): boolean {
  if (typeof value !== "object" || value === null) return false;
  const seen = new Map<string, string>();
  return Object.entries(value).some(([name, member]) => {
    const text = JSON.stringify(member);
    const before = seen.get(name.toLowerCase()) ?? text;
    seen.set(name.toLowerCase(), text);
    return (member !== null && before !== "null" && before !== text) || contradictsItself(member);
  });
}

interface Place {
  readonly holder: Json;
  readonly name: string;
}

/** All members and items of a value, at any depth. */
export function placesOf(value: Json): Place[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.keys(value).flatMap((name) => [{ holder: value, name }, ...placesOf(value[name])]);
}

/** What of a JSON Schema is looked at here. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Record<string, JsonSchema>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/** `schema`, or of a nullable one the part that is not null. */
export function partOf(schema: JsonSchema): JsonSchema {
  return schema.anyOf?.find(({ type }) => type !== "null") ?? schema;
}

/**
 * `value` as Go takes it, for a reader that knows names in one case only: known names in their own case, of two that are
 * the same the later, and without the known ones that are null.
 */
export function asGoReads(value: Json, schema: JsonSchema): Json {
  const { properties, items } = partOf(schema);
  if (Array.isArray(value)) return items ? value.map((item) => asGoReads(item, items)) : value;
  if (typeof value !== "object" || value === null || !properties) return value;
  const names = new Map(Object.keys(properties).map((name) => [name.toLowerCase(), name]));
  const read: Json = {};
  for (const [written, member] of Object.entries(value)) {
    const name = names.get(written.toLowerCase());
    if (name === undefined) read[written] = member;
    else if (member !== null) read[name] = asGoReads(member, properties[name] as JsonSchema);
  }
  return read;
}

/** A whole configuration of bandwidth, mostly valid. */
const limit = pick<unknown>([8, 8_000_000], [2, 8], [1, 0], [1, null], [1, 4], [1, -8], [1, "8M"]);
const limits = (percent: number): Record<string, Values> =>
  Object.fromEntries(
    ["ingressRate", "ingressBurst", "egressRate", "egressBurst"].map((name) => [name, key(percent, limit)]),
  );
export const bandwidthConfiguration: Values = fc
  .tuple(fc.constantFrom(100, 20, 0), fc.constantFrom(100, 20, 0))
  .chain(([own, given]) =>
    record({
      cniVersion: key(90, fc.constantFrom("0.4.0", "1.0.0", "1.1.0")),
      name: key(90, fc.constant("net")),
      type: fc.constant("bandwidth"),
      ...limits(own),
      runtimeConfig: key(50, record({ bandwidth: key(90, record(limits(given))) })),
      prevResult: key(50, fc.constant({ cniVersion: "1.0.0", ips: [] })),
      "cni.dev/valid-attachments": key(10, attachments),
      "cni.dev/attachments": key(10, attachments),
    }),
  );

const LIMITS = { ingressRate: 8_000_000, ingressBurst: 80_000, egressRate: 16_000_000, egressBurst: 160_000 };
export const BANDWIDTH: Json = {
  cniVersion: "1.1.0",
  name: "net",
  type: "bandwidth",
  ...LIMITS,
  capabilities: { bandwidth: true },
  ipam: { type: "none" },
  dns: { nameservers: ["10.1.0.1"], domain: "example.org", search: ["example.org"], options: ["ndots:2"] },
  runtimeConfig: { bandwidth: LIMITS },
  prevResult: { cniVersion: "1.0.0", ips: [] },
  "cni.dev/valid-attachments": [{ containerID: "c1", ifname: "eth0" }],
  "cni.dev/attachments": [{ containerID: "c1", ifname: "eth0" }],
};
