import { describe, expect } from "bun:test";
import { Nftables } from "../../src/host/nft.ts";
import { chainsOf } from "../../src/tool/doctor/gather/kernel.ts";
import { NEW, type Packet } from "../../src/tool/doctor/ruleset/packet.ts";
import { fateIn } from "../../src/tool/doctor/ruleset/walk.ts";
import { openLab } from "../support/lab.ts";
import { needs, nftables } from "../support/needs.ts";

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

  test("reject drops", () => {
    expect(fates(["ip saddr 10.4.0.2 reject"])).toEqual(["drop"]);
  });
});
