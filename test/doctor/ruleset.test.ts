import { describe, expect } from "bun:test";
import { Nftables } from "../../src/host/nft.ts";
import { chainsOf } from "../../src/tool/doctor/gather/kernel.ts";
import { legacyChains } from "../../src/tool/doctor/gather/legacy.ts";
import { NEW, type Packet } from "../../src/tool/doctor/ruleset/packet.ts";
import { fateIn } from "../../src/tool/doctor/ruleset/walk.ts";
import { openLab } from "../support/lab.ts";
import { can, needs, nftables } from "../support/needs.ts";

const test = needs(nftables);

const PACKET: Packet = {
  iif: "cni0",
  oif: "eth0",
  from: Uint8Array.of(10, 4, 0, 2),
  to: Uint8Array.of(192, 0, 2, 1),
  protocol: 6,
  port: 443,
  state: NEW,
  isLocal: false,
};

/** What becomes of the packet in a chain at the forward hook (policy drop) with one rule, as nft makes it. */
function fates(rules: readonly string[], packet = PACKET): string[] {
  using lab = openLab();
  lab.sh(lab.host, "nft", "add table inet t; add chain inet t sub; add set inet t s { type ipv4_addr; }");
  return rules.map((rule, i) => {
    const chain = `c${i}`;
    lab.sh(
      lab.host,
      "nft",
      `add chain inet t ${chain} { type filter hook forward priority ${i}; policy drop; }; add rule inet t ${chain} ${rule}`,
    );
    return lab.within(lab.host, () => {
      const nft = new Nftables();
      const chains = chainsOf(nft.client(), () => {});
      nft.close();
      const base = chains.find(({ name }) => name === chain);
      if (!base) throw new Error(`no chain ${chain}`);
      const { action, isSure } = fateIn(base, chains, packet);
      return `${action.does}${isSure ? "" : "?"}`;
    });
  });
}

describe("a packet's fate, by rules that nft made", () => {
  test("rules that match", () => {
    const rules = [
      "accept",
      "iifname cni0 accept",
      'iifname "cni*" accept',
      "oifname != docker0 accept",
      "ip saddr 10.4.0.0/16 counter accept",
      "ip saddr 10.4.0.0/22 ip daddr 192.0.2.1 accept",
      "ip saddr 10.4.0.1-10.4.0.9 accept",
      "tcp dport 443 accept",
      "tcp dport 400-500 accept",
      "meta l4proto tcp accept",
      "ct state new accept",
      "ct state established,related,new accept",
      "fib daddr type unicast accept",
      "meta nfproto ipv4 log accept",
    ];
    expect(fates(rules)).toEqual(rules.map(() => "accept"));
  });

  test("rules that do not match: the policy drops", () => {
    const rules = [
      "iifname docker0 accept",
      "iifname != cni0 accept",
      "ip saddr 10.5.0.0/16 accept",
      "tcp dport 80 accept",
      "udp dport 443 accept",
      "ct state established accept",
      "meta nfproto ipv6 accept",
      "jump sub",
    ];
    expect(fates(rules)).toEqual(rules.map(() => "drop"));
  });

  test("rules that ask what nobody here knows make it unsure", () => {
    const rules = [
      "ip saddr @s accept",
      "meta mark 1 accept",
      "limit rate 1/second accept",
      "tcp sport 1024-65535 accept",
    ];
    expect(fates(rules)).toEqual(rules.map(() => "drop?"));
  });

  const oldTables = needs(nftables, can("the old iptables", "iptables-legacy", "-t", "filter", "-S"));

  oldTables("rules of the old iptables: the same words mean the same in that on nf_tables", () => {
    const rules: [rule: string, fate: string][] = [
      ["-j ACCEPT", "accept"],
      ["-i cni0 -j ACCEPT", "accept"],
      ["-i cni+ ! -o docker0 -j ACCEPT", "accept"],
      ["-s 10.4.0.0/16 -d 192.0.2.1 -j ACCEPT", "accept"],
      ["! -s 10.5.0.0/15 -j ACCEPT", "drop"],
      ["-s 10.4.0.0/22 -p tcp -m tcp --dport 443 -j ACCEPT", "accept"],
      ["-p tcp -m tcp --dport 400:500 -j ACCEPT", "accept"],
      ["-p udp -m udp --dport 443 -j ACCEPT", "drop"],
      ["! -p udp -j ACCEPT", "accept"],
      ["-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", "drop"],
      ["-m state --state NEW -j ACCEPT", "accept"],
      ["-m conntrack ! --ctstate INVALID -j ACCEPT", "accept"],
      ['-m comment --comment "a \\"-j DROP\\" of mine" -j ACCEPT', "accept"],
      ["-i docker0 -j ACCEPT", "drop"],
      ["-s 10.4.0.2 -j REJECT", "drop"],
      ["-j LOG", "drop"],
      ["-j sub", "accept"],
      ["-g sub", "accept"],
      ["-m addrtype --dst-type LOCAL -j ACCEPT", "drop"],
      ["-m mark --mark 0x1 -j ACCEPT", "drop?"],
      ["-m limit --limit 1/sec -j ACCEPT", "drop?"],
      ["-p tcp -m multiport --dports 80,443 -j ACCEPT", "drop?"],
    ];
    using lab = openLab();
    const found = rules.map(([rule]) => {
      const script = `TOOL -F; TOOL -X; TOOL -N sub; TOOL -A sub -d 192.0.2.0/24 -j ACCEPT; TOOL -P FORWARD DROP
        TOOL -A FORWARD ${rule}`;
      const ofTool = (tool: string) => {
        lab.sh(lab.host, "sh", "-ec", script.replaceAll("TOOL", tool));
        return lab.within(lab.host, () => {
          const nft = new Nftables();
          const chains =
            tool === "iptables"
              ? chainsOf(nft.client(), () => {})
              : legacyChains(
                  () => false,
                  () => {},
                );
          nft.close();
          const base = chains.find(({ name }) => name === "FORWARD");
          if (!base) throw new Error(`${tool} has no FORWARD`);
          const { action, isSure } = fateIn(base, chains, PACKET);
          return `${action.does}${isSure ? "" : "?"}`;
        });
      };
      return [rule, ofTool("iptables-legacy"), ofTool("iptables")];
    });
    // The others are not read in the form that nf_tables has of them.
    const known = found.filter(([, , other]) => other !== "drop?");
    expect(found.map(([rule, fate]) => [rule, fate] as [string, string])).toEqual(rules);
    expect(known.map(([rule, fate]) => [rule, fate])).toEqual(known.map(([rule, , fate]) => [rule, fate]));
    expect(known.length).toBeGreaterThan(15);
  });

  test("reject drops", () => {
    expect(fates(["ip saddr 10.4.0.2 reject"])).toEqual(["drop"]);
  });
});
