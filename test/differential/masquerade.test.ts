/** The layout of the masquerade rules differs, so both sides are compared by what they do: whose address others see. */
import { expect } from "bun:test";
import type { Json } from "../support/command.ts";
import { farHost } from "../support/far-host.ts";
import { type Lab, openLab } from "../support/lab.ts";
import { BIN, built, can, namespaces, needs, nftables, REFERENCE, reference } from "../support/needs.ts";

const iptables = can("root and iptables", "iptables", "-t", "nat", "-S");
const need = needs(namespaces, built, nftables, iptables, reference);

const RECORDER = `
table inet heard {
  set v4 { type ipv4_addr; flags dynamic; }
  set v6 { type ipv6_addr; flags dynamic; }
  chain input {
    type filter hook prerouting priority -500;
    meta l4proto udp add @v4 { ip saddr }
    meta l4proto udp add @v6 { ip6 saddr }
  }
}`;

const RANGES = {
  "one range of each family": [[{ subnet: "10.77.0.0/24" }], [{ subnet: "fd77::/64" }]],
  "two ranges of one set": [[{ subnet: "10.77.0.0/24", rangeEnd: "10.77.0.2" }, { subnet: "10.78.0.0/24" }]],
};

/** Which sources were heard: a far host's, a neighbour's on the bridge, and that of multicast on the bridge. */
function heard(bin: string, ranges: Json, ipMasqBackend: string | undefined, ipMasq: boolean): Json {
  using lab = openLab({ bin });
  const far = farHost(lab);
  const conf = lab.conf({
    cniVersion: "1.0.0",
    ipMasq,
    ipMasqBackend,
    forceAddress: false,
    isGateway: true,
    ipam: {
      type: "host-local",
      ranges,
      routes: [{ dst: "0.0.0.0/0" }, ...(ranges.length > 1 ? [{ dst: "::/0" }] : [])],
    },
  });
  const [a, b] = [lab.container(), lab.container()];
  lab.sh(lab.host, "sh", "-c", "for d in all default; do echo 0 >/proc/sys/net/ipv6/conf/$d/accept_dad; done");
  lab.add({ ns: a, id: "a", conf });
  // A second range needs a gateway of its own, which the bridge does not take: its network is routed by hand.
  const second = lab.call("bridge", "ADD", {
    ns: b,
    id: "b",
    conf: { ...conf, isGateway: ranges.length > 1, isDefaultGateway: false },
  });
  expect(second.status).toBe(0);
  const neighbour = second.json.ips.map(({ address }: Json) => address.replace(/\/.*/, ""));
  if (ranges.length === 1) lab.sh(lab.host, "ip", "addr", "add", "10.78.0.1/24", "dev", "lab0");
  settle(lab, b);
  lab.sh(b, "nft", RECORDER);
  filterBridged(lab);
  for (const address of far.addresses) lab.attempt(a, "ping", "-c1", "-W1", address);
  for (const address of neighbour) say(lab, a, address);
  const unicast = sources(lab, b);
  lab.sh(b, "nft", "flush", "ruleset");
  lab.sh(b, "nft", RECORDER);
  for (const address of ["224.0.0.251", "ff05::fb"]) say(lab, a, address);
  return { far: far.seen(), neighbour: unicast, multicast: sources(lab, b) };
}

/** Where the kernel can, what is bridged goes through the same rules: then multicast must be excepted from them. */
function filterBridged(lab: Lab): void {
  for (const key of ["iptables", "ip6tables"]) {
    lab.attempt(lab.host, "sh", "-c", `echo 1 >/proc/sys/net/bridge/bridge-nf-call-${key}`);
  }
}

/** IPv6 addresses of the reference's bridge are tentative for some time. */
function settle(lab: Lab, ns: string): void {
  for (let left = 60; left > 0; left--) {
    const tentative = [lab.host, ns].some((one) =>
      lab.ipj(one, "-6", "addr", "show", "tentative").some((link) => link.ifname),
    );
    if (!tentative) return;
    Bun.sleepSync(50);
  }
  throw new Error(`addresses in ${lab.host} or ${ns} are still tentative after three seconds`);
}

function say(lab: Lab, ns: string, address: string): void {
  lab.attempt(ns, "bash", "-c", `echo x >"/dev/udp/${address}/5353"`);
}

function sources(lab: Lab, ns: string): string[] {
  const sets = lab.nftj(ns).filter((row) => row.set?.table === "heard");
  return sets
    .flatMap((row) => row.set.elem ?? [])
    .filter((address) => !address.startsWith("fe80:"))
    .sort();
}

for (const [name, ranges] of Object.entries(RANGES)) {
  need.each([
    ["with ipMasqBackend iptables", "iptables", true],
    ["with ipMasqBackend nftables", "nftables", true],
    ["with each side's default backend", undefined, true],
    ["without ipMasq", undefined, false],
  ] as const)(`${name} %s: the same sources are seen`, (_, backend, ipMasq) => {
    const [ours, theirs] = [BIN, REFERENCE].map((bin) => heard(bin, ranges, backend, ipMasq));
    expect(ours).toEqual(theirs);
    expect(ours.far.length).toBeGreaterThan(0);
    expect(ours.neighbour.length).toBeGreaterThan(0);
    expect(ours.multicast.length).toBeGreaterThan(0);
  });
}
