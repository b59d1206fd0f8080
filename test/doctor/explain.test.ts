/** `berth explain`: each broken hop, seeded one after the other into one network. It is named, and the mend that it prints cures it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Hop } from "../../src/tool/explain/hop.ts";
import type { Finding } from "../../src/tool/finding.ts";
import { type Lab, openLab } from "../support/lab.ts";
import { built, isMet, namespaces, nftables } from "../support/needs.ts";
import { addMember, addUplink, explain } from "./explain-net.ts";

const canRun = [namespaces, nftables, built].every(isMet);

let lab: Lab;
let ns: string;
let port: string;

beforeAll(() => {
  if (!canRun) return;
  lab = openLab();
  addUplink(lab);
  ns = lab.container();
  addMember(lab, { id: "web-1", ns });
  [port = ""] = lab.ports();
});

afterAll(() => lab?.close());

/** The hops, and the finding of the first that is not well. */
function hopsOf(...args: string[]): { code: number; hops: Hop[]; bad: (Hop & { finding: Finding }) | undefined } {
  const { code, stdout, stderr } = explain(lab, "web-1", "-o", "json", ...args);
  expect(stderr).toBe("");
  const hops: Hop[] = JSON.parse(stdout).explanations[0].hops;
  const bad = hops.find(({ state }) => state === "broken") ?? hops.find(({ state }) => state === "warning");
  return { code, hops, bad: bad as (Hop & { finding: Finding }) | undefined };
}

interface Fault {
  readonly name: string;
  /** Commands in the host's namespace, `in:` before one in the container's. */
  readonly seed: readonly string[];
  /** Of the hop that is named, and words of the finding. */
  readonly hop: string;
  readonly what: RegExp;
  readonly evidence: RegExp;
  readonly args?: readonly string[];
  /** What the mend is not to take back. */
  readonly after?: readonly string[];
}

const guard = (policy: string): string[] => [
  "nft add table inet guard",
  `nft add chain inet guard hold '{ type filter hook forward priority 10 ; policy ${policy} ; }'`,
];

const FAULTS: Fault[] = [
  {
    name: "the spanning tree holds the port back",
    seed: ["ip link set lab0 type bridge stp_state 1", "ip link set PORT nomaster", "ip link set PORT master lab0"],
    hop: "host's end",
    what: /^port veth\w+ of bridge lab0 is listening$/,
    evidence: /state listening/,
  },
  {
    name: "its interface is down",
    seed: ["in:ip link set eth0 down"],
    hop: "container's interface",
    what: /^interface eth0 of the container is down$/,
    evidence: /state DOWN/,
  },
  {
    name: "it has lost its address",
    seed: ["in:ip addr flush dev eth0"],
    hop: "container's interface",
    what: /lacks its address 10\.77\.0\.2\/24/,
    evidence: /no IPv4 address/,
  },
  {
    name: "it has no default route",
    seed: ["in:ip route del default"],
    hop: "container's route",
    what: /has no route to 1\.1\.1\.1$/,
    evidence: /unreachable/i,
  },
  {
    name: "its gateway's neighbour entry is false",
    seed: ["in:ip neigh replace 10.77.0.1 lladdr 02:00:00:00:00:99 dev eth0 nud permanent"],
    hop: "neighbour",
    what: /sends to 02:00:00:00:00:99 for its gateway 10\.77\.0\.1/,
    evidence: /PERMANENT/,
  },
  {
    name: "the host's end is down",
    seed: ["ip link set PORT down"],
    hop: "host's end",
    what: /^veth\w+, the host's end of eth0, is down$/,
    evidence: /state DOWN/,
  },
  {
    name: "the port is detached",
    seed: ["ip link set PORT nomaster"],
    hop: "host's end",
    what: /^veth\w+ is not a port of bridge lab0$/,
    evidence: /has no master/,
  },
  {
    name: "the bridge is down",
    seed: ["ip link set lab0 down"],
    hop: "bridge",
    what: /^bridge lab0 is down$/,
    evidence: /state DOWN/,
  },
  {
    name: "the bridge has no address",
    seed: ["ip addr del 10.77.0.1/24 dev lab0"],
    hop: "bridge",
    what: /^bridge lab0 lacks the gateway's address 10\.77\.0\.1$/,
    evidence: /no address/,
  },
  {
    name: "the host takes its address for another's",
    seed: ["ip neigh replace 10.77.0.2 lladdr 02:00:00:00:00:98 dev lab0 nud permanent"],
    hop: "way back",
    what: /^10\.77\.0\.2 is 02:00:00:00:00:98 to the host/,
    evidence: /PERMANENT/,
  },
  {
    name: "the host does not forward",
    seed: ["sysctl -w net.ipv4.ip_forward=0"],
    hop: "forwarding",
    what: /net\.ipv4\.ip_forward is 0/,
    evidence: /net\.ipv4\.ip_forward = 0/,
  },
  {
    name: "rp_filter is strict and the way back another",
    seed: ["sysctl -w net.ipv4.conf.all.rp_filter=1", "ip route add 10.77.0.2/32 dev up0"],
    hop: "rp_filter",
    what: /route to 10\.77\.0\.2 does not lead over lab0, and rp_filter is strict/,
    evidence: /rp_filter = 1/,
    after: ["sysctl -w net.ipv4.conf.all.rp_filter=0"],
  },
  {
    name: "the policy of iptables' FORWARD is DROP",
    seed: ["iptables-nft -P FORWARD DROP"],
    hop: "rules",
    what: /the policy of chain FORWARD, table ip filter, drops/,
    evidence: /in hook forward \(nft -a list chain ip filter FORWARD\)/,
  },
  {
    name: "the policy of FORWARD of the old iptables is DROP",
    seed: ["iptables-legacy -P FORWARD DROP"],
    hop: "rules",
    what: /chain FORWARD of the old iptables \(iptables-legacy\) drops/,
    evidence: /came into hook forward and not to its end/,
    after: ["iptables-legacy -P FORWARD ACCEPT"],
  },
  {
    name: "a foreign table drops by policy",
    seed: guard("drop"),
    hop: "rules",
    what: /the policy of chain hold, table inet guard, drops/,
    evidence: /nft -a list chain inet guard hold/,
    after: ["nft delete table inet guard"],
  },
  {
    name: "a foreign rule drops",
    seed: [...guard("accept"), "nft add rule inet guard hold ip saddr 10.77.0.0/24 drop"],
    hop: "rules",
    what: /the rule handle \d+ of chain hold, table inet guard, drops/,
    evidence: /ended there in hook forward/,
    after: ["nft delete table inet guard"],
  },
  {
    name: "a rule of its own namespace drops",
    seed: [
      "in:nft add table ip own",
      "in:nft add chain ip own out '{ type filter hook output priority 0 ; }'",
      "in:nft add rule ip own out tcp dport 443 drop",
    ],
    hop: "rules",
    what: /^in the container's own namespace the rule handle \d+ of chain out, table ip own, drops/,
    evidence: /nsenter --net=/,
  },
  {
    name: "the masquerade rules were flushed",
    seed: ["nft flush ruleset"],
    hop: "network's own CHECK",
    what: /^bridge: masquerading is broken/,
    evidence: /berth repair labnet/,
  },
  {
    name: "a foreign SNAT comes first",
    seed: [
      "nft add table ip early",
      "nft add chain ip early post '{ type nat hook postrouting priority 90 ; }'",
      "nft add rule ip early post oifname up0 snat to 198.51.100.9",
    ],
    hop: "source address",
    what: /becomes 198\.51\.100\.9, which is no address of this host$/,
    evidence: /table ip early, chain post, rule handle \d+/,
    after: ["nft delete table ip early"],
  },
  {
    name: "its MTU is more than that of the other end",
    seed: ["in:ip link set eth0 mtu 9000"],
    hop: "MTU",
    what: /^the MTU of eth0 is 9000, that of its other end veth\w+ 1500$/,
    evidence: /mtu 9000 and 1500/,
  },
  {
    name: "its MTU is more than that of the uplink",
    seed: ["ip link set up0 mtu 1400"],
    hop: "MTU",
    what: /^the MTU of eth0 is 1500, that of the uplink up0 1400$/,
    evidence: /mtu 1500 and 1400/,
    after: ["ip link set up0 mtu 1500"],
  },
  {
    name: "the uplink is down",
    seed: ["ip link set up0 down"],
    hop: "host's route",
    what: /the host has no route for the container's packets to 1\.1\.1\.1/,
    evidence: /ip route get 1\.1\.1\.1 from 10\.77\.0\.2 iif lab0/,
    after: ["ip link set up0 up", "ip route add default via 203.0.113.1"],
  },
];

/** Runs one as an operator would who types it on the host. */
function run(command: string): void {
  const [, inside, words = ""] = /^(in:)?(.*)$/s.exec(command.replace("PORT", port)) ?? [];
  const path = `PATH=${lab.bin}:${process.env.PATH}`;
  const mending = words.startsWith("berth repair") ? `${words} --cache-dir ${lab.dir}` : words;
  lab.sh(inside ? ns : lab.host, "env", path, "sh", "-c", mending);
}

describe.skipIf(!canRun)("explain", () => {
  test("says of a healthy container that every hop works, and leaves nothing", () => {
    const before = lab.sh(lab.host, "nft", "list", "ruleset");
    const { code, hops, bad } = hopsOf();
    expect(bad).toBeUndefined();
    expect(code).toBe(0);
    expect(hops.filter(({ state }) => state !== "ok")).toEqual([]);
    expect(lab.sh(lab.host, "nft", "list", "ruleset")).toBe(before);
    expect(lab.sh(ns, "nft", "list", "ruleset")).toBe("");
  });

  for (const { name, seed, hop, what, evidence, args = [], after = [] } of FAULTS) {
    test(`names it when ${name}, and the mend cures it`, () => {
      seed.forEach(run);
      const { code, bad } = hopsOf(...args);
      expect(bad?.name).toBe(hop);
      expect(bad?.finding.what).toMatch(what);
      expect(bad?.finding.evidence).toMatch(evidence);
      expect(code).toBe(1);
      const mend = bad?.finding.mend ?? [];
      mend.forEach(run);
      if (mend.length === 0) after.forEach(run);
      const cured = hopsOf(...args);
      expect(cured.bad?.finding).toBeUndefined();
      expect(cured.code).toBe(0);
      if (mend.length > 0) after.forEach(run);
    });
  }
});
