/** What a run has generated and found: in numbers, and which keys, verbs and versions it never came to. */
import type { Json } from "../support/command.ts";
import { aloneAt, type CallStep, type Case, configOf, isAct, versionOf } from "./case.ts";
import type { Outcome } from "./compare.ts";

export interface Tally {
  cases: number;
  calls: number;
  unexplained: number;
  /** Cases that a difference of a class ended before their last step. */
  ended: number;
  /** Calls by verb and by what came of them on each side: "ADD ok/ok". */
  readonly ends: Record<string, number>;
  readonly keys: Record<string, number>;
  readonly versions: Record<string, number>;
  /** Calls of CHECK that succeeded on both sides, by version. */
  readonly checks: Record<string, number>;
  readonly classes: Record<string, number>;
  /** Of chains: the plugins' names, in their order. */
  readonly lists: Record<string, number>;
}

const BRIDGE =
  "cniVersion name type bridge isGateway isDefaultGateway forceAddress ipMasq ipMasqBackend mtu hairpinMode promiscMode vlan vlanTrunk vlanTrunk[].id vlanTrunk[].minID vlanTrunk[].maxID preserveDefaultVlan macspoofchk enabledad disableContainerInterface portIsolation ipam dns dns.nameservers dns.domain dns.search dns.options args.cni.mac args.cni.ips runtimeConfig.mac runtimeConfig.ips runtimeConfig.ipRanges capabilities prevResult cni.dev/valid-attachments cni.dev/attachments";
const RANGE = ["subnet", "rangeStart", "rangeEnd", "gateway"];
const ROUTE = ["dst", "gw", "mtu", "advmss", "priority", "table", "scope"];
const HOST_LOCAL = [
  "type",
  "ranges",
  "routes",
  "dataDir",
  "resolvConf",
  ...RANGE,
  ...ROUTE.map((key) => `routes[].${key}`),
];
const ENVIRONMENT = ["CNI_ARGS MAC", "CNI_ARGS IP", "CNI_ARGS IgnoreUnknown", "CNI_ARGS other", "CNI_NETNS_OVERRIDE"];

/** Every key of ref-bridge §1 and ref-host-local §1. */
const KEYS: readonly string[] = [
  ...BRIDGE.split(" "),
  ...HOST_LOCAL.map((key) => `ipam.${key}`),
  ...RANGE.flatMap((key) => [`ipam.ranges[][].${key}`, `runtimeConfig.ipRanges[][].${key}`]),
  ...ENVIRONMENT,
];
const VERBS = ["ADD", "CHECK", "DEL", "GC", "STATUS", "VERSION"];
const VERSIONS = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"];
/** Those that know CHECK: with the others both sides refuse it. */
const CHECKED = VERSIONS.slice(VERSIONS.indexOf("0.4.0"));

export class Coverage {
  readonly tally: Tally = {
    cases: 0,
    calls: 0,
    unexplained: 0,
    ended: 0,
    ends: {},
    keys: {},
    versions: {},
    checks: {},
    classes: {},
    lists: {},
  };

  add(one: Case, outcome: Outcome): void {
    const { tally } = this;
    tally.cases += 1;
    tally.calls += outcome.answers.length;
    if (outcome.unexplained) tally.unexplained += 1;
    else if (outcome.ended) tally.ended += 1;
    for (const name of outcome.classes) count(tally.classes, name);
    if (one.list) count(tally.lists, one.list.map(({ type }) => type).join(" "));
    for (const { step, berth, reference } of outcome.answers) {
      if (step.verb === "CHECK" && berth.status + reference.status === 0)
        count(tally.checks, versionOf(configOf(aloneAt(one, step), step)));
      const end = (status: number) => (status === 0 ? "ok" : "error");
      count(
        tally.ends,
        `${VERBS.includes(step.verb) ? step.verb : "other"} ${end(berth.status)}/${end(reference.status)}`,
      );
    }
    const steps = outcome.taken.filter((step): step is CallStep => !isAct(step));
    const confs = steps.map((step) => configOf(aloneAt(one, step), step));
    for (const key of new Set(steps.flatMap((step, i) => [...keysOf(confs[i], ""), ...environmentOf(step)])))
      count(tally.keys, key);
    count(tally.versions, versionOf(one.conf));
  }

  merge(other: Tally): void {
    const { tally } = this;
    for (const key of ["cases", "calls", "unexplained", "ended"] as const) tally[key] += other[key];
    for (const key of ["ends", "keys", "versions", "checks", "classes", "lists"] as const)
      for (const [name, n] of Object.entries(other[key])) tally[key][name] = (tally[key][name] ?? 0) + n;
  }

  /** What was never generated. */
  missing(): string[] {
    const { keys, versions, checks, ends } = this.tally;
    const verbs = new Set(Object.keys(ends).map((end) => end.split(" ")[0]));
    return [
      ...KEYS.filter((key) => !keys[key.toLowerCase()]),
      ...VERSIONS.filter((version) => !versions[version]),
      ...VERBS.filter((verb) => !verbs.has(verb)),
      ...CHECKED.filter((version) => !checks[version]).map((version) => `CHECK that succeeds in ${version}`),
    ];
  }

  report(seed: number, seconds: number): string {
    const { cases, calls, ended, unexplained, keys, versions, checks, classes, ends, lists } = this.tally;
    const isChains = Object.keys(lists).length > 0;
    const rows = (title: string, table: Record<string, number>) =>
      `${title}: ${Object.entries(table)
        .map(([name, n]) => `${name} ${n}`)
        .join(", ")}`;
    const known = Object.fromEntries(KEYS.map((key) => [key, keys[key.toLowerCase()] ?? 0]));
    return [
      `differential: seed ${seed}, ${cases} cases, ${calls} calls on each side, ${Math.round(seconds)} s`,
      isChains ? `different lists of plugins: ${Object.keys(lists).length}` : rows("keys (cases with it)", known),
      rows("versions", Object.fromEntries(VERSIONS.map((version) => [version, versions[version] ?? 0]))),
      rows("CHECK succeeded on both sides", checks),
      rows("calls (berth/reference)", Object.fromEntries(Object.entries(ends).sort())),
      rows("intended differences (cases)", Object.fromEntries(Object.entries(classes).sort((a, b) => b[1] - a[1]))),
      `ended early by one: ${ended}`,
      ...(isChains ? [] : [`never generated: ${this.missing().join(", ") || "nothing"}`]),
      `unexplained: ${unexplained}`,
    ].join("\n");
  }
}

function count(table: Record<string, number>, name: string): void {
  table[name] = (table[name] ?? 0) + 1;
}

/** Paths of all members, lower case as they match in any. */
function keysOf(value: Json, path: string): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => keysOf(one, `${path}[]`));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    const name = path === "" ? key.toLowerCase() : `${path}.${key.toLowerCase()}`;
    return [name, ...keysOf(member, name)];
  });
}

function environmentOf({ args = "", override, prevResult }: CallStep): string[] {
  const names = ["MAC", "IP", "IgnoreUnknown"]
    .filter((key) => new RegExp(`(^|;)${key}=`).test(args))
    .map((key) => `cni_args ${key.toLowerCase()}`);
  return [
    ...names,
    ...(/K8S_|FOO/.test(args) ? ["cni_args other"] : []),
    ...(override === undefined ? [] : ["cni_netns_override"]),
    ...(prevResult === undefined ? [] : ["prevresult"]),
  ];
}
