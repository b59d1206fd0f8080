/** Maps and concatenated keys in tests: one of each that src/nft can make, for addresses of either family. */
import { Batch } from "../../src/nft/batch.ts";
import { concatenated, portBytes } from "../../src/nft/concat.ts";
import { inDaddr, masquerade } from "../../src/nft/match.ts";
import {
  concatInSet,
  daddr,
  dnatToMap,
  dport,
  type IpFamily,
  l4proto,
  saddrNetwork,
} from "../../src/nft/match-concat.ts";
import { ctStatusDnat, fibDaddrLocal, iifnameInSet } from "../../src/nft/match-kernel.ts";
import { jump, verdict } from "../../src/nft/match-link.ts";
import type { SetName } from "../../src/nft/objects.ts";
import { ip, NAT } from "./nft.ts";

const PORTS = { kind: "chain", name: "ports" } as const;
const LOCALNET = { kind: "set", name: "localnet", type: "ifname" } as const;

/** In the table "maps" of both families. */
export function translations(): Batch[] {
  return [translationsOf("ip", 20), translationsOf("ip6", 61)];
}

function translationsOf(family: IpFamily, length: number): Batch {
  const [type, one] = family === "ip" ? (["ipv4_addr", "10.1.2.3"] as const) : (["ipv6_addr", "fd00::3"] as const);
  const map = {
    kind: "set",
    name: "m",
    type: [type, "inet_proto", "inet_service"],
    data: [type, "inet_service"],
  } as const;
  const any = { ...map, name: "wild", type: ["inet_proto", "inet_service"], comment: "of any address" } as const;
  const pairs = { kind: "set", name: "pairs", type: [type, type] } as const;
  const marks = { kind: "set", name: "marks", type: ["mark", "mark", "mark", "mark"] } as const;
  const to = (port: number) => concatenated(ip(one), portBytes(port));
  const tcp = Uint8Array.of(6);
  return new Batch(family, "maps")
    .add({ kind: "table" })
    .add(PORTS)
    .create(map)
    .create({ ...any })
    .add(pairs)
    .add(marks)
    .add(LOCALNET)
    .create({
      kind: "elements",
      set: map,
      elements: [
        { key: concatenated(ip(one), tcp, portBytes(8080)), data: to(80), comment: "who" },
        { key: concatenated(ip(one), Uint8Array.of(17), portBytes(53)), data: to(54) },
      ],
    })
    .create({ kind: "element", set: pairs, key: concatenated(ip(one), ip(one)) })
    .create({ kind: "element", set: marks, key: hostWords(1, 0x89abcdef, 3, 4), comment: "a tag" })
    .add({ kind: "rule", chain: PORTS.name, statements: [dnatToMap(family, [daddr(family), l4proto, dport], map)] })
    .add({ kind: "rule", chain: PORTS.name, statements: [dnatToMap(family, [l4proto, dport], any)] })
    .add({ kind: "chain", name: "prerouting", base: { type: "nat", hook: "prerouting", priority: -99 } })
    .add({ kind: "rule", chain: "prerouting", statements: [fibDaddrLocal(), jump(PORTS.name)] })
    .add({ kind: "chain", name: "postrouting", base: NAT })
    .add({ kind: "rule", chain: "postrouting", statements: [ctStatusDnat(), sources(family, 0, pairs), masquerade()] })
    .add({ kind: "rule", chain: "postrouting", statements: [sources(family, length, pairs), masquerade()] })
    .add({ kind: "rule", chain: "postrouting", statements: [sources(family, 8 * ip(one).length, pairs)] })
    .add({
      kind: "rule",
      chain: PORTS.name,
      statements: [iifnameInSet(LOCALNET), inDaddr({ ip: ip(one), length: 32 }), verdict("drop")],
    });
}

function sources(family: IpFamily, length: number, pairs: SetName) {
  return concatInSet([saddrNetwork(family, length), daddr(family)], pairs);
}

function hostWords(...words: number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(words).buffer);
}

/** The same in nft's own words. */
export const TRANSLATIONS = `
  table ip maps {
    map m {
      type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service;
      elements = { 10.1.2.3 . tcp . 8080 comment "who" : 10.1.2.3 . 80, 10.1.2.3 . udp . 53 : 10.1.2.3 . 54 };
    }
    map wild { type inet_proto . inet_service : ipv4_addr . inet_service; comment "of any address"; }
    set pairs { type ipv4_addr . ipv4_addr; elements = { 10.1.2.3 . 10.1.2.3 }; }
    set marks { type mark . mark . mark . mark; elements = { 1 . 0x89abcdef . 3 . 4 comment "a tag" }; }
    set localnet { type ifname; }
    chain ports {
      dnat ip to ip daddr . meta l4proto . th dport map @m
      dnat ip to meta l4proto . th dport map @wild
      iifname @localnet ip daddr 10.1.2.3 drop
    }
    chain prerouting { type nat hook prerouting priority -99; policy accept; fib daddr type local jump ports; }
    chain postrouting {
      type nat hook postrouting priority 101; policy accept;
      ct status dnat ip saddr & 0.0.0.0 . ip daddr @pairs masquerade
      ip saddr & 255.255.240.0 . ip daddr @pairs masquerade
      ip saddr . ip daddr @pairs
    }
  }
  table ip6 maps {
    map m {
      type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service;
      elements = { fd00::3 . tcp . 8080 comment "who" : fd00::3 . 80, fd00::3 . udp . 53 : fd00::3 . 54 };
    }
    map wild { type inet_proto . inet_service : ipv6_addr . inet_service; comment "of any address"; }
    set pairs { type ipv6_addr . ipv6_addr; elements = { fd00::3 . fd00::3 }; }
    set marks { type mark . mark . mark . mark; elements = { 1 . 0x89abcdef . 3 . 4 comment "a tag" }; }
    set localnet { type ifname; }
    chain ports {
      dnat ip6 to ip6 daddr . meta l4proto . th dport map @m
      dnat ip6 to meta l4proto . th dport map @wild
      iifname @localnet ip6 daddr fd00::/32 drop
    }
    chain prerouting { type nat hook prerouting priority -99; policy accept; fib daddr type local jump ports; }
    chain postrouting {
      type nat hook postrouting priority 101; policy accept;
      ct status dnat ip6 saddr & :: . ip6 daddr @pairs masquerade
      ip6 saddr & ffff:ffff:ffff:fff8:: . ip6 daddr @pairs masquerade
      ip6 saddr . ip6 daddr @pairs
    }
  }`;
