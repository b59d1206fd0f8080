/** Cases of firewall: a configuration with the result of a bridge that need not be there, and calls. */
import fc from "fast-check";
import type { Case, Step } from "./case.ts";
import { key, pick, record, type Values } from "./values.ts";

/** Things that happen to its rules. */
export const FIREWALL_ACTS: readonly string[] = [
  "flushes the table filter",
  "deletes the chains of the table filter",
  "flushes the isolation of bridges",
];

const ADDRESSES = ["10.77.0.9/24", "10.77.0.10/24", "fd77::9/64", "fd77::a/64"] as const;

/** A result of the plugin before. */
export function bridgeResult(
  cniVersion: string,
  bridge: string | undefined,
  addresses: readonly string[],
): Case["conf"] {
  const old = cniVersion.startsWith("0.");
  const interfaces = [
    ...(bridge === undefined ? [] : [{ name: bridge }]),
    { name: "veth0" },
    { name: "eth0", sandbox: "/run/netns/c" },
  ];
  const ips = addresses.map((address) => ({ ...(old && { version: address.includes(":") ? "6" : "4" }), address }));
  return { cniVersion, interfaces: bridge === "" ? [] : interfaces, ips };
}

const addresses = pick<readonly string[]>(
  [6, [ADDRESSES[0], ADDRESSES[2]]],
  [3, [ADDRESSES[0]]],
  [2, [ADDRESSES[2]]],
  [2, [ADDRESSES[1], ADDRESSES[3]]],
  [1, [ADDRESSES[0], ADDRESSES[1]]],
  [1, [ADDRESSES[0], "10.77.0.9/16"]],
  [1, []],
);
const bridge = pick<string | undefined>([8, "br0"], [3, "br1"], [1, undefined], [1, ""]);

const result = (cniVersion: string) =>
  fc.tuple(bridge, addresses).map(([name, all]) => bridgeResult(cniVersion, name, all as readonly string[]));

const keys: Record<string, Values> = {
  name: fc.constant("net"),
  type: fc.constant("firewall"),
  backend: key(30, pick([4, "iptables"], [2, ""], [1, "nft"], [1, "firewalld"])),
  iptablesAdminChainName: key(25, pick([6, "MINE"], [1, ""], [1, "CNI-ADMIN"], [1, "a".repeat(40)])),
  firewalldZone: key(10, fc.constant("public")),
  ingressPolicy: key(60, pick([4, "same-bridge"], [4, "isolated"], [2, "open"], [1, ""], [1, "closed"])),
};

const conf: fc.Arbitrary<Case["conf"]> = pick<string>([8, "1.0.0"], [8, "1.1.0"], [4, "0.4.0"], [1, "0.3.1"]).chain(
  (cniVersion) =>
    fc
      .tuple(record(keys), result(String(cniVersion)), fc.nat(20))
      .map(([more, prevResult, chance]) => ({ cniVersion, ...more, ...(chance > 0 && { prevResult }) })),
);

const guest = pick<0 | 1>([3, 0], [1, 1]);

/** A call with the result of another container or none, or another policy. */
const patchOf = (cniVersion: string): Values =>
  fc.oneof(
    { weight: 3, arbitrary: result(cniVersion).map((prevResult) => ({ prevResult })) },
    { weight: 2, arbitrary: fc.constant({ prevResult: undefined }) },
    { weight: 2, arbitrary: record({ ingressPolicy: fc.constantFrom("open", "same-bridge", "isolated", "closed") }) },
    { weight: 1, arbitrary: fc.constant({ prevResult: { cniVersion: "0.2.0" } }) },
  ) as Values;

const VERBS = pick<string>([5, "ADD"], [4, "CHECK"], [5, "DEL"], [1, "GC"], [1, "STATUS"], [1, "VERSION"]);

function callOf(cniVersion: string): fc.Arbitrary<Step> {
  const valid = pick<unknown>([2, [0]], [1, []], [1, [0, 1]], [1, null], [1, undefined]);
  return fc.tuple(VERBS, guest, key(35, patchOf(cniVersion)), valid, key(15, fc.constant("missing"))).map(
    ([verb, who, patch, list, netns]) =>
      ({
        verb,
        guest: who,
        ...(patch !== undefined && { patch }),
        ...(verb === "GC" && list !== undefined && { valid: list }),
        ...(netns !== undefined && verb === "DEL" && { netns }),
      }) as Step,
  );
}

const act: fc.Arbitrary<Step> = fc.constantFrom(...FIREWALL_ACTS).map((what) => ({ act: what, guest: 0 as const }));

export const firewallCase: fc.Arbitrary<Case> = conf.chain((made) =>
  fc
    .array(fc.oneof({ weight: 6, arbitrary: callOf(String(made.cniVersion)) }, { weight: 1, arbitrary: act }), {
      minLength: 1,
      maxLength: 6,
    })
    .map((more) => ({
      plugin: "firewall" as const,
      conf: made,
      before: [],
      steps: [{ verb: "ADD", guest: 0 as const }, ...more],
    })),
);
