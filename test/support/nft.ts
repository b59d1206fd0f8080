/** nf_tables in tests: clients in a laboratory, and one of everything that src/nft can make. */
import { type Ip, type Prefix, parseIp, parsePrefix } from "../../src/base/ip.ts";
import { type Mac, parseMac } from "../../src/base/mac.ts";
import { Client } from "../../src/netlink/client.ts";
import { NETLINK_NETFILTER, openSocket, type Socket } from "../../src/netlink/socket.ts";
import { Batch } from "../../src/nft/batch.ts";
import { masquerade, notDaddr, saddrInSet } from "../../src/nft/match.ts";
import { etherSaddr, iifname, jump, verdict } from "../../src/nft/match-link.ts";
import * as messageTypes from "../../src/nft/tables.ts";
import { NFNL_BATCH_BEGIN } from "../../src/nft/tables.ts";
import { findAttr } from "../../src/wire/attrs.ts";
import { Reader } from "../../src/wire/cursor.ts";
import { readMessages } from "../../src/wire/message.ts";
import type { Lab } from "./lab.ts";

function socketIn(lab: Lab): Socket {
  return lab.within(lab.host, () => openSocket(NETLINK_NETFILTER));
}

/** An nfnetlink client in the laboratory's host; `over` replaces parts of its socket. */
export function nftClient(lab: Lab, over: (socket: Socket) => Partial<Socket> = () => ({})): Client {
  const socket = socketIn(lab);
  return new Client({ ...socket, ...over(socket) });
}

/** A client that calls `before` when its `nth` batch is about to be sent. */
export function interrupted(lab: Lab, nth: number, before: () => void): Client {
  let batches = 0;
  return nftClient(lab, (socket) => ({
    send(datagram) {
      if (readMessages(datagram)[0]?.type === NFNL_BATCH_BEGIN && ++batches === nth) before();
      socket.send(datagram);
    },
  }));
}

const NAMES = new Map(
  Object.entries(messageTypes).flatMap(([name, type]) =>
    /^NFT_(NEW|DEL)/.test(name) ? [[type as number, name.slice(4)]] : [],
  ),
);

/** A client whose batches are noted: of each the names of its messages. `over` as for `nftClient`. */
export function batchesOf(lab: Lab, over: (socket: Socket) => Partial<Socket> = () => ({})) {
  const batches: string[][] = [];
  const client = nftClient(lab, (socket) => ({
    ...over(socket),
    send(datagram) {
      const types = readMessages(datagram).map(({ type }) => type);
      if (types[0] === NFNL_BATCH_BEGIN) batches.push(types.slice(1, -1).map((type) => NAMES.get(type) ?? `${type}`));
      socket.send(datagram);
    },
  }));
  return { client, batches };
}

/** NFTA_SET_COUNT, and a type that nothing has. */
const COUNT = 20;
const NOTHING = 99;

/** A socket to a kernel that does not say how many elements a set has. */
export function silentAboutSizes(socket: Socket): Partial<Socket> {
  return {
    receive(timeout) {
      const datagram = socket.receive(timeout);
      for (const { type, body } of readMessages(datagram)) {
        if (type !== messageTypes.NFT_NEWSET) continue;
        const count = findAttr(new Reader(datagram, body.at + 4, body.end), COUNT);
        if (count) datagram[count.at - 2] = NOTHING;
      }
      return datagram;
    },
  };
}

/** `nft list ruleset` in a namespace of the laboratory, the host when absent. */
export function ruleset(lab: Lab, ns: string = lab.host): string {
  return lab.sh(ns, "nft", "list", "ruleset");
}

function valid<T>(value: T | undefined, text: string): T {
  if (value === undefined) throw new Error(`the test has a bad value: ${text}`);
  return value;
}

export const ip = (text: string): Ip => valid(parseIp(text), text);
export const prefix = (text: string): Prefix => valid(parsePrefix(text), text);
export const mac = (text: string): Mac => valid(parseMac(text), text);

export const ADDRESSES = { kind: "set", name: "a-b.c", type: "ipv4_addr", comment: "those" } as const;
export const SOURCES = { kind: "set", name: "sources", type: "ipv6_addr" } as const;
export const NAT = { type: "nat", hook: "postrouting", priority: 101 } as const;
export const SPOOF = { type: "filter", hook: "prerouting", priority: -300, policy: "drop" } as const;

/** Everything that objects.ts and match.ts can say. */
export function everything(): Batch[] {
  const ip4 = new Batch("ip", "t4")
    .add({ kind: "table", comment: "of a test" })
    .add({ kind: "chain", name: "postrouting", base: NAT, comment: "a chain" })
    .create(ADDRESSES)
    .create({ kind: "element", set: ADDRESSES, key: ip("10.1.2.3"), comment: "grüße" })
    .add({
      kind: "rule",
      chain: "postrouting",
      statements: [
        saddrInSet(ADDRESSES),
        notDaddr(prefix("10.1.2.3/20")),
        notDaddr(prefix("10.1.2.0/24")),
        notDaddr(prefix("10.1.2.7/32")),
        masquerade(),
      ],
      comment: "a rule",
    });
  const ip6 = new Batch("ip6", "t6")
    .create({ kind: "table" })
    .add({ kind: "chain", name: "c" })
    .add({ kind: "chain", name: "postrouting", base: NAT })
    .add(SOURCES)
    .add({ kind: "element", set: SOURCES, key: ip("fd00::1") })
    .add({
      kind: "rule",
      chain: "postrouting",
      statements: [saddrInSet(SOURCES), notDaddr(prefix("fd00::/61")), notDaddr(prefix("ff00::/8")), jump("c")],
    });
  const bridge = new Batch("bridge", "b")
    .add({ kind: "table" })
    .add({ kind: "chain", name: "pre", base: SPOOF })
    .add({ kind: "chain", name: "mac" })
    .add({ kind: "rule", chain: "pre", statements: [iifname("veth0"), jump("mac")] })
    .add({
      kind: "rule",
      chain: "mac",
      statements: [etherSaddr(mac("02:00:00:00:00:01")), verdict("return")],
    })
    .add({ kind: "rule", chain: "mac", statements: [verdict("drop")] })
    .add({ kind: "rule", chain: "pre", statements: [verdict("accept")] })
    .add({ kind: "set", name: "names", type: "ifname" })
    .add({ kind: "set", name: "macs", type: "ether_addr" });
  return [ip4, ip6, bridge];
}

/** The same in nft's own words. */
export const EVERYTHING = `
  table ip t4 {
    comment "of a test"
    set a-b.c { type ipv4_addr; comment "those"; elements = { 10.1.2.3 comment "grüße" }; }
    chain postrouting {
      comment "a chain"; type nat hook postrouting priority srcnat + 1; policy accept;
      ip saddr @a-b.c ip daddr != 10.1.0.0/20 ip daddr != 10.1.2.0/24 ip daddr != 10.1.2.7 masquerade comment "a rule"
    }
  }
  table ip6 t6 {
    chain c { }
    set sources { type ipv6_addr; elements = { fd00::1 }; }
    chain postrouting {
      type nat hook postrouting priority 101; policy accept;
      ip6 saddr @sources ip6 daddr != fd00::/61 ip6 daddr != ff00::/8 jump c
    }
  }
  table bridge b {
    set names { type ifname; }
    set macs { type ether_addr; }
    chain mac { ether saddr 02:00:00:00:00:01 return; drop; }
    chain pre {
      type filter hook prerouting priority -300; policy drop;
      iifname "veth0" jump mac
      accept
    }
  }`;
