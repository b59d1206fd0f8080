/** Cases of portmap: two containers behind links of the host, and calls that each bring a result and ports. */
import fc from "fast-check";
import type { Json } from "../support/command.ts";
import type { Case, Guest, Step } from "./case.ts";
import { key, pick, record, type Values } from "./values.ts";

const mapping = record({
  hostPort: pick([80, 8080], [60, 8081], [30, 53], [1, 0], [1, -1], [1, 65_536]),
  containerPort: pick([80, 80], [40, 53], [1, 0]),
  protocol: pick([60, "tcp"], [30, "udp"], [6, "sctp"], [1, "icmp"]),
  hostIP: key(
    45,
    pick(
      [30, "192.0.2.2"],
      [12, "0.0.0.0"],
      [8, "127.0.0.1"],
      [8, "::"],
      [8, "fd77:1::2"],
      [3, "::1"],
      [3, ""],
      [1, "nonsense"],
    ),
  ),
});

const runtimeConfig: Values = key(93, record({ portMappings: key(95, fc.array(mapping, { maxLength: 4 })) }));

const CONDITIONS: Values = pick<readonly string[]>(
  [4, ["-s", "192.0.2.0/24"]],
  [2, ["!", "-s", "10.9.0.0/16"]],
  [1, []],
);

/** In nft's words, which both read; the last ones only the reference, or neither. */
const NFT_CONDITIONS: Record<4 | 6, Values> = {
  4: pick<readonly string[]>(
    [4, ["ip", "saddr", "192.0.2.0/24"]],
    [3, ["ip saddr != { 10.9.0.0/16, 192.0.2.7 }", "tcp sport 1024-65535"]],
    [3, ["iifname", "port1"]],
    [2, ['iifname != { "port*", lo }']],
    [2, ["meta l4proto { udp, tcp }", "ip daddr", "192.0.2.1-192.0.2.9"]],
    [1, [""]],
    [1, ["ct", "state", "new"]],
    [1, ["ip saddr nonsense!"]],
  ),
  6: pick<readonly string[]>([3, ["ip6 saddr", "2001:db8::/32"]], [2, ["tcp", "dport", "!=", "{", "53,", "443", "}"]]),
};

const usual: fc.Arbitrary<Json> = record({
  cniVersion: pick([6, "1.0.0"], [8, "1.1.0"], [3, "0.4.0"], [2, "0.3.1"]),
  name: fc.constant("net"),
  type: fc.constant("portmap"),
  backend: key(50, pick([12, "iptables"], [4, "nftables"], [1, "ipvs"])),
  snat: key(30, fc.boolean()),
  masqAll: key(25, fc.boolean()),
  markMasqBit: key(15, pick([6, 5], [1, 32], [1, -1])),
  externalSetMarkChain: key(10, fc.constant("OTHERS-MARK")),
  conditionsV4: key(12, CONDITIONS),
});

const conditional: fc.Arbitrary<Json> = record({
  cniVersion: pick([6, "1.0.0"], [8, "1.1.0"], [3, "0.4.0"]),
  name: fc.constant("net"),
  type: fc.constant("portmap"),
  backend: key(90, fc.constant("nftables")),
  snat: key(20, fc.boolean()),
  conditionsV4: key(75, NFT_CONDITIONS[4]),
  conditionsV6: key(40, NFT_CONDITIONS[6]),
});

const conf: fc.Arbitrary<Json> = fc.oneof({ weight: 3, arbitrary: usual }, { weight: 2, arbitrary: conditional });

/** What the plugin before has answered for a container. */
export function linkedResult(guest: Guest, cniVersion: string): Json {
  const version = (digit: string) => (cniVersion.startsWith("0.") ? { version: digit } : {});
  return {
    cniVersion,
    interfaces: [{ name: `port${guest}` }, { name: "eth0", sandbox: "/run/netns/c" }],
    ips: [
      { ...version("4"), address: `10.77.0.${9 + guest}/24`, interface: 1 },
      { ...version("6"), address: `fd77::${9 + guest}/64`, interface: 1 },
    ],
  };
}

const call = (cniVersion: string): fc.Arbitrary<Step> =>
  fc
    .record({
      verb: pick([6, "ADD"], [4, "CHECK"], [5, "DEL"], [1, "STATUS"], [1, "VERSION"], [1, "GC"]),
      guest: pick<Guest>([2, 0], [1, 1]),
      ifname: key(5, fc.constant("net1")),
      runtimeConfig,
      linked: pick([12, true], [1, false]),
    })
    .map(({ verb, guest, ifname, runtimeConfig, linked }) => ({
      verb,
      guest,
      ...(ifname !== undefined && verb !== "GC" && { ifname }),
      ...(verb === "GC" && { valid: [guest] }),
      patch: {
        ...(runtimeConfig && { runtimeConfig }),
        ...(linked && { prevResult: linkedResult(guest, cniVersion) }),
      },
    }));

/** As runtimes go about it: CHECK and DEL with what ADD was given. Networks may differ in their conditions. */
const routine = ({ cniVersion, backend }: Json): fc.Arbitrary<Step[]> =>
  fc
    .record({
      guest: pick<Guest>([2, 0], [1, 1]),
      conditionsV4: backend === "nftables" ? key(12, NFT_CONDITIONS[4]) : fc.constant(undefined),
      runtimeConfig,
      verbs: pick([3, ["ADD", "CHECK"]], [2, ["ADD", "CHECK", "DEL"]], [1, ["ADD"]], [1, ["DEL"]]),
    })
    .map(({ guest, runtimeConfig, conditionsV4, verbs }) =>
      verbs.map((verb) => ({
        verb,
        guest,
        patch: {
          ...(runtimeConfig && { runtimeConfig }),
          ...(conditionsV4 !== undefined && { conditionsV4 }),
          prevResult: linkedResult(guest, cniVersion),
        },
      })),
    );

export const portmapCase: fc.Arbitrary<Case> = conf.chain((made) =>
  fc
    .array(
      fc.oneof(
        { weight: 3, arbitrary: routine(made) },
        call(made.cniVersion).map((one) => [one]),
      ),
      {
        minLength: 1,
        maxLength: 5,
      },
    )
    .map(
      (steps): Case => ({ plugin: "portmap", conf: made, before: ["links to the containers"], steps: steps.flat() }),
    ),
);
