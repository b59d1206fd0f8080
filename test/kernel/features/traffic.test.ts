/** What packets see of the masquerading: a container behind the host, a far machine that knows no way back to it. */
import { expect } from "bun:test";
import { addMasquerade } from "../../../src/features/masquerade/nft.ts";
import { removeMasquerade } from "../../../src/features/masquerade/nft-remove.ts";
import { attempt } from "../../support/command.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { can, linkKind, namespaces, needs, nftables } from "../../support/needs.ts";
import { nftClient, prefix } from "../../support/nft.ts";

const needsTraffic = needs(namespaces, nftables, linkKind("veth"));

const owner = { network: "traffic", containerId: "one", ifname: "eth0" };
const DUAL = ["10.1.2.3/24", "fd00::3/64"].map(prefix);

/** Counts echo requests by the source that the far machine sees. */
const COUNTERS = `
  table inet seen {
    chain input {
      type filter hook input priority 0;
      ip saddr 192.0.2.1 icmp type echo-request counter comment "host4"
      ip saddr 192.0.2.9 icmp type echo-request counter comment "user4"
      ip saddr 10.1.2.3 icmp type echo-request counter comment "container4"
      ip6 saddr 2001:db8::1 icmpv6 type echo-request counter comment "host6"
      ip6 saddr fd00::3 icmpv6 type echo-request counter comment "container6"
    }
  }`;

interface Net {
  container: string;
  /** 192.0.2.2 and 2001:db8::2, elsewhere. */
  far: string;
  /** 10.1.2.200, in the container's own prefix but behind the host. */
  near: string;
  /** Pings once; whether there was an answer. */
  ping(address: string): boolean;
  /** How many echo requests a machine has seen, by the comments of COUNTERS. */
  seen(ns: string): Record<string, number>;
}

function build(lab: Lab): Net {
  const { host } = lab;
  const [container, far, near] = [lab.container(), lab.container(), lab.container()];
  const run = (ns: string, line: string) => lab.sh(ns, ...line.split(" "));
  // Without link-local addresses at once the host could not ask for the far machine's MAC in time.
  for (const ns of [host, container, far, near]) {
    run(ns, "sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0");
  }
  const wire = (ns: string, name: string) => {
    run(host, `ip link add ${name} type veth peer name eth0 netns ${ns}`);
    run(host, `ip link set ${name} up`);
    run(ns, "ip link set eth0 up");
    run(ns, "ip link set lo up");
  };
  wire(container, "c0");
  wire(far, "f0");
  wire(near, "n0");
  run(host, "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
  for (const line of ["10.1.2.1/24 dev c0", "192.0.2.1/24 dev f0", "192.0.2.9/24 dev f0"])
    run(host, `ip addr add ${line}`);
  run(host, "ip addr add 10.9.9.1/24 dev n0");
  run(host, "ip route add 10.1.2.200/32 dev n0");
  run(host, "ip addr add fd00::1/64 dev c0 nodad");
  run(host, "ip addr add 2001:db8::1/64 dev f0 nodad");
  run(container, "ip addr add 10.1.2.3/24 dev eth0");
  run(container, "ip addr add fd00::3/64 dev eth0 nodad");
  run(container, "ip route add default via 10.1.2.1");
  run(container, "ip route add 10.1.2.200/32 via 10.1.2.1");
  run(container, "ip -6 route add default via fd00::1");
  run(far, "ip addr add 192.0.2.2/24 dev eth0");
  run(far, "ip addr add 2001:db8::2/64 dev eth0 nodad");
  run(near, "ip addr add 10.1.2.200/32 dev eth0");
  run(near, "ip route add 10.9.9.1/32 dev eth0");
  run(near, "ip route add default via 10.9.9.1");
  for (const ns of [far, near]) lab.sh(ns, "nft", COUNTERS);
  return {
    container,
    far,
    near,
    ping: (address) => attempt(container, "ping", "-c1", "-W0.5", address).status === 0,
    seen: (ns) => {
      const rules = lab.nftj(ns).flatMap(({ rule }) => rule ?? []);
      const counts = rules.map(({ comment, expr }) => [
        comment,
        expr.find((e: object) => "counter" in e).counter.packets,
      ]);
      return Object.fromEntries(counts.filter(([, packets]) => packets > 0));
    },
  };
}

needsTraffic(
  "a far machine sees the host in place of the container, until the masquerading is removed",
  inLab((lab) => {
    const { ping, seen, far } = build(lab);
    expect([ping("192.0.2.2"), ping("2001:db8::2")]).toEqual([false, false]);
    expect(seen(far)).toEqual({ container4: 1, container6: 1 });
    const nft = nftClient(lab);
    addMasquerade(nft, owner, DUAL);
    expect([ping("192.0.2.2"), ping("2001:db8::2")]).toEqual([true, true]);
    expect(seen(far)).toEqual({ container4: 1, container6: 1, host4: 1, host6: 1 });
    removeMasquerade(nft, owner, undefined);
    expect([ping("192.0.2.2"), ping("2001:db8::2")]).toEqual([false, false]);
    expect(seen(far)).toEqual({ container4: 2, container6: 2, host4: 1, host6: 1 });
  }),
);

needsTraffic(
  "within its prefix the container is seen as itself",
  inLab((lab) => {
    const { ping, seen, near } = build(lab);
    addMasquerade(nftClient(lab), owner, DUAL);
    expect(ping("10.1.2.200")).toBe(true);
    expect(seen(near)).toEqual({ container4: 1 });
  }),
);

const SNAT = [
  "iptables",
  "-t",
  "nat",
  "-A",
  "POSTROUTING",
  "-s",
  "10.1.2.0/24",
  "-j",
  "SNAT",
  "--to-source",
  "192.0.2.9",
];

needs(
  namespaces,
  nftables,
  linkKind("veth"),
  can("root and iptables", ...SNAT),
)(
  "a rule that the user has, before or after, wins",
  inLab((lab) => {
    const { ping, seen, far } = build(lab);
    addMasquerade(nftClient(lab), owner, DUAL);
    lab.sh(lab.host, ...SNAT);
    expect(ping("192.0.2.2")).toBe(true);
    expect(seen(far)).toEqual({ user4: 1 });
    lab.sh(lab.host, "nft", "delete table ip berth");
    addMasquerade(nftClient(lab), owner, DUAL);
    expect(ping("192.0.2.2")).toBe(true);
    expect(seen(far)).toEqual({ user4: 2 });
  }),
);
