/** Faults of the host's kernel and of others' rules: each named, and mended by what doctor says. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { rmSync } from "node:fs";
import { type Attached, cures, DoctoredNode } from "../support/doctored.ts";
import { bridgeFilter, built, can, namespaces, needs, nftables } from "../support/needs.ts";

const test = needs(namespaces, built, nftables);
const withBridgeFilter = needs(namespaces, built, nftables, bridgeFilter);
const oldTables = can("the old iptables", "iptables-legacy", "-t", "nat", "-S");
const withOldTables = needs(namespaces, built, nftables, oldTables);
const PORTS = { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }] };

describe.skipIf(!namespaces.met() || !built.met())("doctor on the kernel and rules", () => {
  let node: DoctoredNode;
  let one: Attached;
  beforeAll(() => {
    node = new DoctoredNode();
    const open = node.list({ name: "open", bridge: { bridge: "ndc1" }, subnet: "10.5.0.0/24", chained: [] });
    node.write("10-net0.conflist", node.list());
    node.write("20-open.conflist", open);
    one = node.attach(node.list(), "c1", PORTS);
    node.attach(node.list(), "c2");
    node.attach(open, "c3");
  });
  afterAll(() => node.close());

  test("ip_forward off", () => {
    cures(node, "sysctl -qw net.ipv4.ip_forward=0", /does not forward IPv4/);
  });

  test("FORWARD DROP of iptables, for the network without firewall", () => {
    const { findings } = cures(
      node,
      "iptables -P FORWARD DROP",
      /FORWARD of table ip filter drops what containers of open send/,
    );
    expect(findings).toHaveLength(1);
    node.sh("iptables -P FORWARD ACCEPT; iptables -D FORWARD 1; iptables -D FORWARD 1");
  });

  test("a foreign table that drops at the forward hook", () => {
    node.sh(
      "nft add table inet hardened; nft 'add chain inet hardened fw { type filter hook forward priority 10; policy drop; }'",
    );
    cures(node, "nft add rule inet hardened fw ip daddr 10.99.0.0/16 accept", /chain fw of table inet hardened drops/);
    node.sh("nft delete table inet hardened");
  });

  test("a foreign table that lets the containers through is none", () => {
    node.sh(`nft add table inet hardened; nft 'add chain inet hardened fw { type filter hook forward priority 10; policy drop; }'
      nft add rule inet hardened fw ct state established,related accept
      nft add rule inet hardened fw iifname '"ndc*"' accept`);
    expect(node.doctor().findings).toEqual([]);
    node.sh("nft delete table inet hardened");
  });

  test("strict reverse path filtering on a second way out", () => {
    node.sh(
      "ip link add eth1 type veth peer name up1; ip link set eth1 up; ip link set up1 up; ip addr add 203.0.113.2/24 dev eth1",
    );
    node.sh("ip route add default via 203.0.113.1 dev eth1 metric 100");
    cures(node, "sysctl -qw net.ipv4.conf.eth1.rp_filter=1", /eth1 drops what comes in by it/);
    node.sh("ip link del eth1");
  });

  withBridgeFilter("br_netfilter off beside kube-proxy's iptables", () => {
    node.sh("iptables -t nat -N KUBE-SERVICES");
    cures(node, "sysctl -qw net.bridge.bridge-nf-call-iptables=0", /br_netfilter is off/);
    node.sh("iptables -t nat -X KUBE-SERVICES");
  });

  test("masquerading flushed", () => {
    cures(node, "nft flush chain ip berth postrouting", /masquerading of .* is not as it was made/);
  });

  test("the whole ruleset flushed: masquerading, ports and firewall", () => {
    const { findings } = cures(node, "nft flush ruleset", /masquerading/);
    const what = findings.map((finding) => finding.what).join("\n");
    expect(what).toContain("portmap of container c1");
    expect(what).toContain("firewall of container c1");
  });

  test("the elements of a published port gone", () => {
    cures(node, "nft flush map ip berth-portmap ports", /portmap of container c1 of network net0/);
  });

  test("a foreign SNAT ahead", () => {
    node.sh("nft add table ip corp; nft 'add chain ip corp post { type nat hook postrouting priority 100; }'");
    cures(node, "nft add rule ip corp post ip saddr 10.4.0.0/16 snat to 192.0.2.99", /source address 192.0.2.99/);
    node.sh("nft delete table ip corp");
  });

  test("a published port hijacked, by nft and by iptables", () => {
    node.sh("nft add table ip corp; nft 'add chain ip corp pre { type nat hook prerouting priority -100; }'");
    cures(node, "nft add rule ip corp pre tcp dport 8080 dnat to 10.9.9.9:80", /published port 8080\/tcp .* is taken/);
    node.sh("nft delete table ip corp");
    cures(
      node,
      "iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 10.9.9.9:80",
      /published port 8080/,
    );
  });

  test("the same of IPv6: a foreign SNAT ahead, and a published port hijacked by nft and by iptables", () => {
    node.sh("ip addr add 2001:db8:2::2/64 dev eth0 nodad; ip -6 route add default via 2001:db8:2::1 dev eth0");
    const ranges = [[{ subnet: "10.6.0.0/24" }], [{ subnet: "fd00:6::/64" }]];
    const dual = node.list({ name: "dual", bridge: { bridge: "ndc2" }, ipam: { ranges } });
    const both = node.attach(dual, "c5", { portMappings: [{ hostPort: 8086, containerPort: 80, protocol: "tcp" }] });
    const name = node.write("30-dual.conflist", dual);
    expect(node.doctor().findings).toEqual([]);
    node.sh(`nft add table ip6 corp; nft 'add chain ip6 corp post { type nat hook postrouting priority 100; }'
      nft 'add chain ip6 corp pre { type nat hook prerouting priority -100; }'`);
    const snat = "nft add rule ip6 corp post ip6 saddr fd00:6::/64 snat to 2001:db8:9::9";
    const { findings } = cures(node, snat, /containers of network dual the source address 2001:db8:9::9/);
    expect(findings).toHaveLength(1);
    const dnat = "nft add rule ip6 corp pre tcp dport 8086 dnat to [2001:db8:9::9]:80";
    expect(cures(node, dnat, /published port 8086\/tcp of container c5/).findings[0]?.evidence).toContain(
      "leads to [2001:db8:9::9]:80: nft -a list chain ip6 corp pre",
    );
    node.sh("nft delete table ip6 corp");
    const tables = "ip6tables -t nat -A PREROUTING -p tcp --dport 8086 -j DNAT --to-destination [2001:db8:9::9]:80";
    cures(node, tables, /published port 8086\/tcp/);
    cures(node, "ip6tables -t nat -A PREROUTING -p tcp --dport 8086 -j REDIRECT --to-ports 9", /published port 8086/);
    if (oldTables.met()) {
      const old =
        "ip6tables-legacy -t nat -A PREROUTING -p tcp --dport 8086 -j DNAT --to-destination [2001:db8:9::9]:80";
      expect(cures(node, old, /port 8086/).findings[0]?.evidence).toContain("[2001:db8:9::9]:80: ip6tables-legacy");
      cures(node, "ip6tables-legacy -P FORWARD DROP", /old iptables \(ip6tables-legacy\) drops .* of dual/);
      node.sh("ip6tables-legacy -P FORWARD ACCEPT; ip6tables-legacy -F FORWARD");
    }
    node.sh("nft 'add table inet corp; add chain inet corp pre { type nat hook prerouting priority -100; }'");
    expect(cures(node, "nft add rule inet corp pre tcp dport 8086 redirect to 9", /port 8086/).findings).toHaveLength(
      1,
    );
    node.sh("nft delete table inet corp");
    node.detach(dual, both, { portMappings: [{ hostPort: 8086, containerPort: 80, protocol: "tcp" }] });
    rmSync(name);
    node.sh("ip link del ndc2; ip -6 addr flush dev eth0 scope global");
  });

  withOldTables("rules of the old iptables: a policy, a rule that drops, a source, a published port", () => {
    cures(node, "iptables-legacy -P FORWARD DROP", /FORWARD of the old iptables \(iptables-legacy\) drops/);
    node.sh("iptables-legacy -P FORWARD ACCEPT; iptables-legacy -F FORWARD");
    const drop = 'iptables-legacy -A FORWARD -i ndc1 -m comment --comment "not \\$(out)" -j DROP';
    expect(cures(node, drop, /FORWARD of the old iptables/).findings[0]?.evidence).toContain("its rule number 1");
    node.sh("iptables-legacy -F FORWARD");
    const nat = "iptables-legacy -t nat -A";
    const snat = `${nat} POSTROUTING -s 10.4.0.0/16 -m comment --comment "it's \\$(reboot)" -j SNAT --to-source 192.0.2.99`;
    const { findings } = cures(node, snat, /source address 192.0.2.99/);
    expect(findings.map(({ evidence }) => evidence)).toEqual([
      expect.stringMatching(/iptables-legacy -t nat -S POSTROUTING, number 1$/),
    ]);
    cures(node, `${nat} PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 10.9.9.9:80`, /leads to|port 8080/);
    expect(node.sh("iptables-legacy -t nat -S")).not.toContain("-A");
    node.sh(`${nat} POSTROUTING -s 10.4.0.0/16 -j MASQUERADE; ${nat} PREROUTING -p tcp --dport 8081 -j REDIRECT`);
    expect(node.doctor()).toEqual({ status: 0, findings: [], unseen: [] });
    node.sh("iptables-legacy -t nat -F");
  });

  test("a sysctl that tuning has set, changed", () => {
    const list = node.list({ chained: [{ type: "tuning", sysctl: { "net.ipv4.conf.IFNAME.arp_notify": "1" } }] });
    const tuned = node.attach(list, "c4");
    cures(node, `nsenter --net=${tuned.netns} sysctl -qw net.ipv4.conf.eth0.arp_notify=0`, /tuning of container c4/);
    node.detach(list, tuned);
  });

  test("hairpin off where it is configured", () => {
    cures(node, `bridge link set dev ${one.veth} hairpin off`, /does not send back \(hairpin off\)/);
  });
});
