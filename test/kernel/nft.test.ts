import { expect } from "bun:test";
import { EEXIST, ENOENT } from "../../src/base/errno.ts";
import { type Ip, parseIp, parsePrefix } from "../../src/base/ip.ts";
import { parseMac } from "../../src/base/mac.ts";
import { Client } from "../../src/netlink/client.ts";
import { NETLINK_NETFILTER, openSocket } from "../../src/netlink/socket.ts";
import { Batch } from "../../src/nft/batch.ts";
import { attempt, run } from "../../src/nft/client.ts";
import { findChain, hasTable, listRules } from "../../src/nft/find.ts";
import { findSet, getElement, listElements, listSets } from "../../src/nft/find-set.ts";
import { etherSaddr, goTo, iifname, jump, masquerade, notDaddr, saddrInSet, verdict } from "../../src/nft/match.ts";
import { inLab, type Lab } from "../support/lab.ts";
import { namespaces, needs, nftables } from "../support/needs.ts";

const needsNft = needs(namespaces, nftables);

const client = (lab: Lab, ns = lab.host): Client => lab.within(ns, () => new Client(openSocket(NETLINK_NETFILTER)));
const ip = (text: string): Ip => parseIp(text) ?? expect.unreachable();
const prefix = (text: string) => parsePrefix(text) ?? expect.unreachable();
const ruleset = (lab: Lab, ns = lab.host): string => lab.sh(ns, "nft", "list", "ruleset");

const ADDRESSES = { kind: "set", name: "a-b.c", type: "ipv4_addr", comment: "those" } as const;
const SOURCES = { kind: "set", name: "sources", type: "ipv6_addr" } as const;
const NAT = { type: "nat", hook: "postrouting", priority: 101 } as const;
const SPOOF = { type: "filter", hook: "prerouting", priority: -300, policy: "drop" } as const;

/** Everything that objects.ts and match.ts can say. */
function everything(): Batch[] {
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
      statements: [saddrInSet(SOURCES), notDaddr(prefix("fd00::/61")), notDaddr(prefix("ff00::/8")), goTo("c")],
    });
  const bridge = new Batch("bridge", "b")
    .add({ kind: "table" })
    .add({ kind: "chain", name: "pre", base: SPOOF })
    .add({ kind: "chain", name: "mac" })
    .add({ kind: "rule", chain: "pre", statements: [iifname("veth0"), jump("mac")] })
    .add({
      kind: "rule",
      chain: "mac",
      statements: [etherSaddr(parseMac("02:00:00:00:00:01") ?? expect.unreachable()), verdict("return")],
    })
    .add({ kind: "rule", chain: "mac", statements: [verdict("drop")] })
    .add({ kind: "rule", chain: "pre", statements: [verdict("accept")] })
    .add({ kind: "set", name: "names", type: "ifname" })
    .add({ kind: "set", name: "macs", type: "ether_addr" });
  return [ip4, ip6, bridge];
}

/** The same in nft's own words. */
const EVERYTHING = `
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
      ip6 saddr @sources ip6 daddr != fd00::/61 ip6 daddr != ff00::/8 goto c
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

/** A ruleset as JSON without handles, in an order that does not depend on who made it. */
function rows(lab: Lab, ns: string): string[] {
  const plain = lab.nftj(ns).map((row) => JSON.stringify(row, (key, value) => (key === "handle" ? undefined : value)));
  return plain.sort();
}

needsNft(
  "run() makes what nft makes of the same words",
  inLab((lab) => {
    const twin = lab.container();
    run(client(lab), ...everything());
    lab.sh(twin, "nft", EVERYTHING);
    expect(rows(lab, lab.host)).toEqual(rows(lab, twin));
  }),
);

needsNft(
  "toString() is what nft makes the same of",
  inLab((lab) => {
    const twin = lab.container();
    run(client(lab), ...everything());
    lab.sh(twin, "nft", everything().join(""));
    expect(ruleset(lab)).toBe(ruleset(lab, twin));
  }),
);

needsNft(
  "what run() made can be listed by nft and loaded again",
  inLab((lab) => {
    const twin = lab.container();
    run(client(lab), ...everything());
    lab.sh(twin, "nft", ruleset(lab));
    expect(ruleset(lab, twin)).toBe(ruleset(lab));
  }),
);

needsNft(
  "run() does all or nothing and names the command that failed",
  inLab((lab) => {
    const nft = client(lab);
    run(nft, ...everything());
    const before = ruleset(lab);
    const batch = new Batch("ip", "t4")
      .flush({ kind: "chain", name: "postrouting" })
      .create(ADDRESSES)
      .add({ kind: "rule", chain: "nowhere", statements: [verdict("drop")] })
      .add({ kind: "chain", name: "new" });
    const failures = attempt(nft, batch);
    expect(failures.map(({ error }) => [error.operation, error.errno])).toEqual([
      ['nft create set ip t4 a-b.c { type ipv4_addr ; comment "those" ; }', EEXIST],
      ["nft add rule ip t4 nowhere drop", ENOENT],
    ]);
    expect(() => run(nft, batch)).toThrow("file exists");
    expect(ruleset(lab)).toBe(before);
  }),
);

needsNft(
  "create fails where add does not",
  inLab((lab) => {
    const nft = client(lab);
    run(nft, ...everything());
    const before = ruleset(lab);
    const element = { kind: "element", set: ADDRESSES, key: ip("10.1.2.3") } as const;
    run(nft, new Batch("ip", "t4").add({ kind: "table" }).add(ADDRESSES).add(element));
    expect(ruleset(lab)).toBe(before);
    for (const batch of [new Batch("ip", "t4").create({ kind: "table" }), new Batch("ip", "t4").create(element)]) {
      expect(attempt(nft, batch).map(({ error }) => error.errno)).toEqual([EEXIST]);
    }
  }),
);

needsNft(
  "delete, destroy and flush leave nothing behind",
  inLab((lab) => {
    const nft = client(lab);
    run(nft, ...everything());
    const [rule] = listRules(nft, "ip", "t4", "postrouting");
    const element = { kind: "element", set: ADDRESSES, key: ip("10.1.2.3") } as const;
    const absent = { ...element, key: ip("10.1.2.4") };
    run(
      nft,
      new Batch("ip", "t4")
        .delete({ kind: "handle", chain: "postrouting", handle: rule?.handle ?? 0 })
        .destroy(absent)
        .delete(element)
        .destroy({ kind: "table" })
        .destroy({ kind: "table" }),
      new Batch("ip6", "t6")
        .flush({ kind: "table" })
        .flush(SOURCES)
        .delete(SOURCES)
        .delete({ kind: "chain", name: "c" }),
      new Batch("ip6", "t6").delete({ kind: "chain", name: "postrouting" }).delete({ kind: "table" }),
      new Batch("bridge", "b").flush({ kind: "chain", name: "pre" }).flush({ kind: "chain", name: "mac" }),
      new Batch("bridge", "b").delete({ kind: "chain", name: "mac" }).delete({ kind: "table" }),
    );
    expect(ruleset(lab)).toBe("");
    run(nft, new Batch("ip", "t4").destroy(element).destroy({ kind: "table" }));
    expect(attempt(nft, new Batch("ip", "t4").delete({ kind: "table" })).map(({ error }) => error.errno)).toEqual([
      ENOENT,
    ]);
  }),
);

needsNft(
  "run() in one batch replaces an element of the same key",
  inLab((lab) => {
    const nft = client(lab);
    run(nft, ...everything());
    const element = { kind: "element", set: ADDRESSES, key: ip("10.1.2.3"), comment: "another" } as const;
    run(nft, new Batch("ip", "t4").delete(element).create(element));
    expect(ruleset(lab)).toContain('elements = { 10.1.2.3 comment "another" }');
  }),
);

needsNft(
  "find functions read what nft has made",
  inLab((lab) => {
    lab.sh(lab.host, "nft", EVERYTHING);
    const nft = client(lab);
    expect(hasTable(nft, "ip", "t4")).toBe(true);
    expect(findChain(nft, "ip6", "t6", "postrouting")).toEqual({
      name: "postrouting",
      base: { ...NAT, policy: "accept" },
    });
    expect(findChain(nft, "bridge", "b", "pre")).toEqual({ name: "pre", base: SPOOF });
    expect(findChain(nft, "ip6", "t6", "c")).toEqual({ name: "c" });
    expect(listRules(nft, "ip", "t4", "postrouting").map(({ comment }) => comment)).toEqual(["a rule"]);
    expect(listSets(nft, "ip", "t4")).toEqual([ADDRESSES]);
    expect(listSets(nft, "bridge", "b").map(({ name, type }) => [name, type])).toEqual([
      ["names", "ifname"],
      ["macs", "ether_addr"],
    ]);
    expect(findSet(nft, "ip", "t4", ADDRESSES.name)).toEqual(ADDRESSES);
    const element = { kind: "element", set: ADDRESSES, key: ip("10.1.2.3"), comment: "grüße" };
    expect(listElements(nft, "ip", "t4", ADDRESSES) as unknown[]).toEqual([element]);
    expect(getElement(nft, "ip", "t4", ADDRESSES, ip("10.1.2.3")) as unknown).toEqual(element);
  }),
);

needsNft(
  "listRules() returns the statements that were put in, and the handles that nft shows",
  inLab((lab) => {
    const nft = client(lab);
    run(nft, ...everything());
    const rules = listRules(nft, "bridge", "b", "mac");
    const mac = parseMac("02:00:00:00:00:01") ?? expect.unreachable();
    expect(rules.map(({ exprs }) => exprs)).toEqual([
      [...etherSaddr(mac).exprs, ...verdict("return").exprs],
      [...verdict("drop").exprs],
    ]);
    const shown = lab.nftj(lab.host).filter(({ rule }) => rule?.chain === "mac");
    expect(rules.map(({ handle }) => handle)).toEqual(shown.map(({ rule }) => rule.handle));
  }),
);

needsNft(
  "find functions find nothing where there is nothing",
  inLab((lab) => {
    const nft = client(lab);
    for (const table of ["none", "t"]) {
      expect(hasTable(nft, "ip", "none")).toBe(false);
      expect(findChain(nft, "ip", table, "c")).toBeUndefined();
      expect(listRules(nft, "ip", table, "c")).toEqual([]);
      expect(findSet(nft, "ip", table, "s")).toBeUndefined();
      expect(listSets(nft, "ip", table)).toEqual([]);
      expect(listElements(nft, "ip", table, { name: "s", type: "ipv4_addr" })).toEqual([]);
      expect(getElement(nft, "ip", table, { name: "s", type: "ipv4_addr" }, ip("10.0.0.1"))).toBeUndefined();
      lab.sh(lab.host, "nft", "add", "table", "ip", "t");
    }
  }),
);

needsNft(
  "listElements() reads a set that needs many datagrams",
  inLab((lab) => {
    const nft = client(lab);
    const set = { kind: "set", name: "many", type: "ipv4_addr" } as const;
    run(nft, new Batch("ip", "t").add({ kind: "table" }).add(set));
    const comment = "c".repeat(128);
    const keys = Array.from({ length: 2000 }, (_, i) => Uint8Array.of(10, 0, i >> 8, i & 255));
    for (let at = 0; at < keys.length; at += 500) {
      const batch = new Batch("ip", "t");
      for (const key of keys.slice(at, at + 500)) batch.add({ kind: "element", set, key, comment });
      run(nft, batch);
    }
    const found = listElements(nft, "ip", "t", set);
    expect(new Set(found.map(({ key }) => key.join("."))).size).toBe(2000);
    expect(found.every((element) => element.comment === comment)).toBe(true);
  }),
);
