/** Cases of bandwidth: a veth that is there, limits, and calls. */
import fc from "fast-check";
import type { Case, Step } from "./case.ts";
import { key, pick, record, type Values } from "./values.ts";

const rate = pick<unknown>(
  [8, 8_000_000],
  [4, 1_000_000],
  [2, 80_000_000_000],
  [1, 8],
  [1, 4],
  [2, 0],
  [1, null],
  [1, -8],
  [1, 8.5],
  [1, "8M"],
);
const burst = pick<unknown>(
  [8, 80_000],
  [4, 2_147_483_647],
  [1, 8],
  [1, 4],
  [1, 34_359_738_352],
  [1, 34_359_738_360],
  [2, 0],
  [1, null],
  [1, -8],
);
const odd = (percent: number): Record<string, Values> =>
  Object.fromEntries(
    ["ingress", "egress"].flatMap((way) => [
      [`${way}Rate`, key(percent, rate)],
      [`${way}Burst`, key(percent, burst)],
    ]),
  );
const limits = (way: string): Values =>
  fc
    .tuple(pick([3, 8_000_000], [1, 1_000_003]), pick([3, 80_000], [1, 2_147_483_647]))
    .map(([rate, burst]) => ({ [`${way}Rate`]: rate, [`${way}Burst`]: burst }));
const sound: Values = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(limits("ingress"), limits("egress")).map((both) => Object.assign({}, ...both)) },
  { weight: 1, arbitrary: limits("ingress") },
  { weight: 2, arbitrary: limits("egress") },
);
const entry: Values = fc.oneof(
  { weight: 5, arbitrary: sound },
  { weight: 2, arbitrary: record(odd(80)) },
  { weight: 1, arbitrary: fc.constant({}) },
);

/** A result of the plugin before. */
export function resultOf(cniVersion: string): Case["conf"] {
  const version = cniVersion.startsWith("0.") ? { version: "4" } : {};
  const interfaces = [{ name: "vport0" }, { name: "eth0", sandbox: "/run/netns/c" }];
  return { cniVersion, interfaces, ips: [{ ...version, address: "10.77.0.9/24", gateway: "10.77.0.1", interface: 1 }] };
}

const conf: fc.Arbitrary<Case["conf"]> = fc
  .tuple(
    pick([8, "1.0.0"], [8, "1.1.0"], [3, "0.4.0"], [2, "0.3.1"], [1, "0.3.0"], [1, "0.2.0"]),
    fc.oneof(
      { weight: 3, arbitrary: entry },
      { weight: 3, arbitrary: entry.map((bandwidth) => ({ runtimeConfig: { bandwidth } })) },
      {
        weight: 1,
        arbitrary: fc
          .tuple(record(odd(20)), entry)
          .map(([own, bandwidth]) => ({ ...own, runtimeConfig: { bandwidth } })),
      },
    ),
    pick<object>(
      [30, {}],
      [1, { prevResult: undefined }],
      [1, { prevResult: { interfaces: [] } }],
      [1, { prevResult: { interfaces: [{ name: "other" }, { name: "eth0", sandbox: "/run/netns/c" }] } }],
    ),
  )
  .map(([cniVersion, own, other]) => ({
    cniVersion,
    name: "net",
    type: "bandwidth",
    capabilities: { bandwidth: true },
    prevResult: resultOf(cniVersion),
    ...own,
    ...other,
  }));

const call: fc.Arbitrary<Step> = fc
  .record({
    verb: pick([5, "ADD"], [4, "CHECK"], [4, "DEL"], [1, "GC"], [1, "STATUS"], [1, "VERSION"]),
    netns: key(12, pick([3, "unset" as const], [2, "missing" as const])),
    ifname: key(4, fc.constant("net1")),
    valid: pick<readonly 0[] | null | undefined>([2, [0]], [2, []], [1, null], [1, undefined]),
  })
  .map(({ verb, netns, ifname, valid }) => ({
    verb,
    guest: 0 as const,
    ...(netns !== undefined && { netns }),
    ...(ifname !== undefined && verb !== "GC" && { ifname }),
    ...(verb === "GC" && valid !== undefined && { valid }),
    ...(verb === "CHECK" && { prevResult: "own" }),
  }));
const act: fc.Arbitrary<Step> = fc
  .constantFrom(
    "deletes the container's interface",
    "stops shaping what the container gets",
    "shapes what the container gets",
    "filters what the container sends",
    "deletes the device that the container sends through",
  )
  .map((act) => ({ act, guest: 0 as const }));

export const bandwidthCase: fc.Arbitrary<Case> = fc.record({
  plugin: fc.constant("bandwidth" as const),
  conf,
  before: fc.constant(["a veth to the container"]),
  steps: fc
    .tuple(
      fc.array(act, { minLength: 0, maxLength: 1 }).map((list) => (list.length > 0 ? list : [])),
      fc.array(fc.oneof({ weight: 5, arbitrary: call }, { weight: 1, arbitrary: act }), { minLength: 1, maxLength: 5 }),
      fc.boolean(),
    )
    .map(([first, more, early]): Step[] => [...(early ? first : []), { verb: "ADD", guest: 0 }, ...more]),
});
