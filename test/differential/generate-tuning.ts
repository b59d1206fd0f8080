/** Cases of tuning: an interface that is there, a configuration, and calls. */
import fc from "fast-check";
import type { Case, Step } from "./case.ts";
import { key, pick, record, type Values } from "./values.ts";

const FILTER = "net.ipv4.conf.IFNAME.arp_filter";

const sysctl = pick<unknown>(
  [6, { [FILTER]: "1" }],
  [3, { [FILTER]: "1", "net.ipv4.ping_group_range": "0 7" }],
  [2, { "net/ipv4/conf/eth0/arp_ignore": "1" }],
  [1, {}],
  [1, { [FILTER]: "x" }],
  [1, { "net.nothing.such": "1" }],
  [1, { "kernel.domainname": "x" }],
);

const mac = pick(
  [8, "02:11:22:33:44:55"],
  [2, "02:11:22:33:44:5A"],
  [1, "02-11-22-33-44-55"],
  [1, ""],
  [1, "01:00:5e:00:00:01"],
  [1, "nonsense"],
);

const attributes = (percent: number): Record<string, Values> => ({
  sysctl: key(percent, sysctl),
  mac: key(percent, mac),
  mtu: key(percent, pick([8, 1400], [2, 9000], [1, 0], [1, 40], [1, -5])),
  promisc: key(percent, fc.boolean()),
  allmulti: key(percent, fc.boolean()),
  txQLen: key(percent, pick([8, 500], [2, 0], [1, -1])),
});

const conf: fc.Arbitrary<Case["conf"]> = fc
  .tuple(
    pick([8, "1.0.0"], [8, "1.1.0"], [3, "0.4.0"], [2, "0.3.1"], [1, "0.2.0"]),
    record({
      ...attributes(35),
      name: fc.constant("net"),
      type: fc.constant("tuning"),
      dataDir: fc.constant("$DIR/store/tuning"),
      capabilities: key(20, fc.constant({ mac: true })),
      runtimeConfig: key(15, record({ mac: key(90, mac) })),
      args: key(20, record({ cni: key(95, record(attributes(30))) })),
    }),
  )
  .map(([cniVersion, more]) => ({ cniVersion, ...more, prevResult: resultOf(cniVersion) }));

/** A result of the plugin before. */
export function resultOf(cniVersion: string): Case["conf"] {
  if (cniVersion === "0.2.0") return { cniVersion, ip4: { ip: "10.77.0.9/24", gateway: "10.77.0.1" } };
  const version = cniVersion.startsWith("0.") ? { version: "4" } : {};
  const interfaces = [{ name: "br0" }, { name: "eth0", mac: "02:be:ef:00:00:03", sandbox: "/run/netns/c" }];
  return { cniVersion, interfaces, ips: [{ ...version, address: "10.77.0.9/24", gateway: "10.77.0.1", interface: 1 }] };
}

const verb = pick([5, "ADD"], [3, "CHECK"], [4, "DEL"], [1, "STATUS"], [1, "VERSION"]);
const call: fc.Arbitrary<Step> = fc
  .record({
    verb,
    netns: key(15, pick([3, "unset" as const], [2, "missing" as const])),
    args: key(10, pick([3, "IgnoreUnknown=1;MAC=02:11:22:33:44:66"], [1, "MAC=nonsense"], [1, "IP=10.77.0.9"])),
    prevResult: key(20, pick([1, "another version's family"], [1, "no interfaces"])),
  })
  .map(({ verb, netns, args, prevResult }) => ({
    verb,
    guest: 0 as const,
    ...(netns !== undefined && { netns }),
    ...(args !== undefined && { args }),
    ...(verb === "CHECK" && { prevResult: prevResult ?? "own" }),
  }));
const act: fc.Arbitrary<Step> = fc
  .constantFrom(
    "changes the container's MAC address",
    "changes the container's MTU",
    "listens on the container's interface",
    "deletes the container's interface",
  )
  .map((act) => ({ act, guest: 0 as const }));

export const tuningCase: fc.Arbitrary<Case> = fc.record({
  plugin: fc.constant("tuning" as const),
  conf,
  before: fc.constant(["an interface in the container"]),
  steps: fc
    .array(fc.oneof({ weight: 5, arbitrary: call }, { weight: 1, arbitrary: act }), { minLength: 1, maxLength: 5 })
    .map((more): Step[] => [{ verb: "ADD", guest: 0 }, ...more]),
});
