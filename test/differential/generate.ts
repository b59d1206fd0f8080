/** Cases: configurations, environments and sequences of calls. */
import fc from "fast-check";
import { ACTS, PREPARATIONS } from "./acts.ts";
import type { ActStep, CallStep, Case, Guest, Step } from "./case.ts";
import { bandwidthCase } from "./generate-bandwidth.ts";
import { bridgeConfig } from "./generate-config.ts";
import { FIREWALL_ACTS, firewallCase } from "./generate-firewall.ts";
import { portmapCase } from "./generate-portmap.ts";
import { tuningCase } from "./generate-tuning.ts";
import { PREV_RESULTS } from "./prev-results.ts";
import { key, pick, record, type Values } from "./values.ts";

const guest: fc.Arbitrary<Guest> = pick<Guest>([3, 0], [1, 1]);

const ARGS: Values = pick<string>(
  [3, "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web;K8S_POD_INFRA_CONTAINER_ID=c"],
  [2, "IgnoreUnknown=1;IP=10.77.0.9"],
  [2, "IgnoreUnknown=true;MAC=02:11:22:33:44:88"],
  [1, "IgnoreUnknown=1;IP=10.77.0.11/24;MAC=02:11:22:33:44:88"],
  [1, "IP=10.77.0.9"],
  [1, "MAC=02:11:22:33:44:88"],
  [1, ""],
  [1, "IgnoreUnknown=1;IP=;MAC="],
  [1, "IgnoreUnknown=maybe"],
  [1, "IgnoreUnknown=0;FOO=bar"],
  [1, "FOO=bar"],
  [1, "A=b=c"],
  [1, "IgnoreUnknown=1;"],
  [1, "IgnoreUnknown=1;IP=nonsense"],
  [1, "IgnoreUnknown=1;MAC=nonsense"],
  [1, "IgnoreUnknown=1;mac=02:11:22:33:44:88;ip=10.77.0.9"],
);

/** What is odd about a call, in few of them. */
const odd = {
  args: key(14, ARGS),
  ifname: key(5, pick([3, "net1"], [1, "eth0.5"], [1, "far-too-long-name"], [1, "a:b"], [1, ".."], [1, "lo"])),
  id: key(2, pick([2, "-bad"], [1, "a b"], [1, "x".repeat(64)])),
  without: key(2, fc.subarray(["CNI_CONTAINERID", "CNI_IFNAME", "CNI_PATH", "CNI_NETNS"], { minLength: 1 })),
  override: key(3, pick([2, "1"], [1, "true"], [1, "no"])),
  stdin: key(2, pick([1, ""], [1, "{"], [1, "[]"], [1, "null"], [1, '"text"'], [1, "5"])),
};

const PATCH: Values = pick<object>(
  [2, { mtu: "wide" }],
  [2, { vlan: 9999 }],
  [1, { ipMasq: true }],
  [1, { bridge: "br1" }],
  [1, { isGateway: 5 }],
  [1, { cniVersion: "7.0.0" }],
  [1, { hairpinMode: true, promiscMode: true }],
);

function call(verb: string, more: Record<string, Values>): fc.Arbitrary<CallStep> {
  return record({ verb: fc.constant(verb), guest, ...odd, ...more });
}

const netns = (...choices: readonly (readonly [number, string | undefined])[]): Values =>
  pick<string | undefined>(...choices);

const ADD = call("ADD", {
  netns: netns([60, undefined], [1, "missing"], [1, "file"], [1, "host"], [1, "unset"]),
});
const CHECK = call("CHECK", {
  netns: netns([40, undefined], [1, "missing"], [1, "host"]),
  prevResult: pick<string | undefined>([40, "own"], ...PREV_RESULTS.map((one) => [1, one] as const), [2, undefined]),
});
const DEL = call("DEL", {
  netns: netns([20, undefined], [2, "missing"], [2, "unset"], [1, "file"]),
  prevResult: pick<string | undefined>([1, "own"], [1, undefined]),
  patch: key(8, PATCH),
});
const GC = call("GC", {
  args: fc.constant(undefined),
  ifname: fc.constant(undefined),
  id: fc.constant(undefined),
  valid: pick<unknown>([2, [0, 1]], [1, [0]], [1, [1]], [1, []], [1, null], [1, undefined]),
  validKey: key(25, fc.constant("cni.dev/attachments")),
});
const STATUS = call("STATUS", {});
const VERSION = call("VERSION", {});
const UNKNOWN = fc.constantFrom("", "PROBE", "add").chain((verb) => call(verb, {}));
const act: fc.Arbitrary<ActStep> = fc.record({
  act: fc.constantFrom(...Object.keys(ACTS).filter((name) => !FIREWALL_ACTS.includes(name))),
  guest,
});

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: ADD },
  { weight: 7, arbitrary: CHECK },
  { weight: 8, arbitrary: DEL },
  { weight: 2, arbitrary: GC },
  { weight: 2, arbitrary: STATUS },
  { weight: 1, arbitrary: VERSION },
  { weight: 1, arbitrary: UNKNOWN },
  { weight: 2, arbitrary: act },
);

const plainAdd = (one: Guest): CallStep => ({ verb: "ADD", guest: one });
const PLAIN_ADD: fc.Arbitrary<Step[]> = guest.map((one) => [plainAdd(one)]);

/** As a runtime goes about it: CHECK of what has just been added, with its result. */
const ADD_CHECK: fc.Arbitrary<Step[]> = guest.map((one) => [
  plainAdd(one),
  { verb: "CHECK", guest: one, prevResult: "own" },
]);

const steps: fc.Arbitrary<Step[]> = fc
  .tuple(
    fc.oneof(
      { weight: 4, arbitrary: ADD_CHECK },
      { weight: 2, arbitrary: PLAIN_ADD },
      { weight: 2, arbitrary: step.map((one) => [one]) },
    ),
    fc.array(step, { minLength: 1, maxLength: 6 }),
  )
  .map(([first, rest]) => [...first, ...rest]);

const before: fc.Arbitrary<string[]> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<string[]>([]) },
  {
    weight: 1,
    arbitrary: fc.uniqueArray(fc.constantFrom(...Object.keys(PREPARATIONS)), { minLength: 1, maxLength: 2 }),
  },
);

const ofOthers: fc.Arbitrary<Case> = fc.record({
  plugin: pick<Case["plugin"]>([15, "bridge"], [4, "host-local"], [1, "loopback"], [3, "ptp"], [1, "static"]),
  conf: bridgeConfig,
  before,
  steps,
});

/** All cases there are. */
export const anyCase: fc.Arbitrary<Case> = fc.oneof(
  { weight: 21, arbitrary: ofOthers },
  { weight: 2, arbitrary: tuningCase },
  { weight: 2, arbitrary: portmapCase },
  { weight: 2, arbitrary: firewallCase },
  { weight: 2, arbitrary: bandwidthCase },
);
