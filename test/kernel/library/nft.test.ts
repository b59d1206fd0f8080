/** nf_tables of berth/netlink, looked at with `nft`. */
import { expect } from "bun:test";
import { EBUSY, EEXIST, ENOENT, ERESTART } from "../../../src/base/errno.ts";
import { Transaction } from "../../../src/library/bun/nft-transaction.ts";
import { openNft } from "../../../src/library/bun/open.ts";
import { NetlinkError } from "../../../src/netlink/error.ts";
import { inLab } from "../../support/lab.ts";
import { namespaces, needs, nftables } from "../../support/needs.ts";
import { ruleset } from "../../support/nft.ts";
import { expressions } from "../../support/nft-matches.ts";
import { thrown } from "./thrown.ts";

const needsNft = needs(namespaces, nftables);

const PODS = { name: "pods", type: "ipv4_addr" } as const;
const PORTS = {
  name: "ports",
  type: ["inet_proto", "inet_service"],
  data: ["ipv4_addr", "inet_service"],
} as const;
const NAT = { type: "nat", hook: "postrouting", priority: 100 } as const;

const demo = () => new Transaction("ip", "demo");

function sample(): Transaction {
  return demo()
    .create({ kind: "table", comment: "mine" })
    .add({ kind: "set", ...PODS, comment: "those" })
    .add({ kind: "set", ...PORTS })
    .add({ kind: "chain", name: "post", base: NAT })
    .add({ kind: "chain", name: "pre", base: { type: "nat", hook: "prerouting", priority: -100, policy: "accept" } })
    .addElements(PODS, [{ key: "10.0.0.2", comment: "c1" }, { key: "10.0.0.3" }])
    .addElements(PORTS, [{ key: ["tcp", 8080], data: ["10.0.0.2", 80], comment: "c1" }])
    .addRule("post", "ip saddr @pods ip daddr != { 10.0.0.0/8, 192.0.2.1 } masquerade", "a rule")
    .addRule("pre", "fib daddr type local dnat ip to meta l4proto . th dport map @ports")
    .insertRule("pre", 'iifname "veth*" return');
}

const SAMPLE = `
  table ip demo {
    comment "mine"
    set pods { type ipv4_addr; comment "those"; elements = { 10.0.0.2 comment "c1", 10.0.0.3 }; }
    map ports {
      type inet_proto . inet_service : ipv4_addr . inet_service;
      elements = { tcp . 8080 comment "c1" : 10.0.0.2 . 80 };
    }
    chain post {
      type nat hook postrouting priority 100; policy accept;
      ip saddr @pods ip daddr != { 10.0.0.0/8, 192.0.2.1 } masquerade comment "a rule"
    }
    chain pre {
      type nat hook prerouting priority -100; policy accept;
      iifname "veth*" return
      fib daddr type local dnat ip to meta l4proto . th dport map @ports
    }
  }`;

needsNft(
  "run() makes what nft makes of the same words, and the same by its text",
  inLab((lab) => {
    const [twin, third] = [lab.container(), lab.container()];
    using nft = openNft({ netns: lab.host });
    nft.run(sample());
    lab.sh(twin, "nft", SAMPLE);
    expect(ruleset(lab)).toBe(ruleset(lab, twin));
    lab.sh(third, "nft", `${sample()}`);
    expect(ruleset(lab, third)).toBe(ruleset(lab));
  }),
);

/** What rules can say, by the families of their tables. */
const RULES = {
  ip: [
    "ip saddr 10.1.0.0/16 ip daddr != @v4 counter accept",
    "meta l4proto tcp tcp dport @ports tcp sport != @ports drop",
    "ip saddr & 255.255.0.0 . ip daddr @pairs ct status dnat return",
    "udp dport { 53, 5353 } jump h",
    "iifname @names masquerade",
    "tcp dport != { 1-9, 22 } tcp sport 7 jump h",
  ],
  ip6: ["ip6 saddr @v6 ip6 daddr fd00::/8 meta l4proto . th dport @services accept", "fib daddr type local jump h"],
  inet: ["iifname eth0 tcp dport 80-90 accept", "meta l4proto { tcp, udp } th dport @ports drop", "masquerade"],
  bridge: ["ether saddr 02:00:00:00:00:01 return", 'iifname "veth0" jump h', "drop"],
} as const;

const SETS = `set v4 { type ipv4_addr; }; set v6 { type ipv6_addr; }; set ports { type inet_service; }; set names { type ifname; };
  set pairs { type ipv4_addr . ipv4_addr; }; set services { type inet_proto . inet_service; };`;

needsNft.each(Object.keys(RULES) as (keyof typeof RULES)[])("rules of a table %s are nft's", (family) =>
  inLab((lab) => {
    const twin = lab.container();
    const chain = family === "bridge" ? "filter hook prerouting priority 0" : "nat hook postrouting priority 100";
    const head = `table ${family} t { ${SETS} chain h { }; chain c { type ${chain}; policy accept; }; }`;
    const names = ["v4", "v6", "ports", "names", "pairs", "services"];
    for (const ns of [lab.host, twin]) lab.sh(ns, "nft", head);
    using nft = openNft({ netns: lab.host });
    const transaction = new Transaction(family, "t");
    for (const rule of RULES[family]) transaction.addRule("c", rule);
    nft.run(transaction);
    lab.sh(twin, "nft", RULES[family].map((rule) => `add rule ${family} t c ${rule}\n`).join(""));
    expect(nft.sets(family, "t").map(({ name }) => name)).toEqual(names);
    expect(expressions(lab, lab.host).join()).toContain("[ ");
    expect(expressions(lab, lab.host)).toEqual(expressions(lab, twin));
    expect(ruleset(lab)).toBe(ruleset(lab, twin));
  })(),
);

needsNft(
  "lists say what nft has made",
  inLab((lab) => {
    lab.sh(
      lab.host,
      "nft",
      `${SAMPLE}\n table inet other {\n chain c { tcp dport { 1, 2 } accept; }\n map v { type ipv4_addr : verdict; }\n}`,
    );
    using nft = openNft({ netns: lab.host });
    expect(nft.tables()).toEqual([
      { family: "inet", name: "other" },
      { family: "ip", name: "demo", comment: "mine" },
    ]);
    expect(nft.tables("ip6")).toEqual([]);
    expect(nft.chains("ip", "demo")).toEqual([
      { name: "post", base: { ...NAT, policy: "accept" } },
      { name: "pre", base: { type: "nat", hook: "prerouting", priority: -100, policy: "accept" } },
    ]);
    expect(nft.chains("inet", "other")).toEqual([{ name: "c" }]);
    const shown = lab.nftj(lab.host).filter(({ rule }) => rule?.chain === "post");
    expect(nft.rules("ip", "demo", "post")).toEqual([{ handle: shown[0]?.rule.handle, comment: "a rule" }]);
    expect(nft.sets("ip", "demo")).toEqual([{ ...PODS, comment: "those" }, PORTS]);
    expect(nft.sets("inet", "other")).toEqual([]);
    const pods = nft.elements("ip", "demo", PODS).sort((a, b) => (a.key < b.key ? -1 : 1));
    expect(pods).toEqual([{ key: "10.0.0.2", comment: "c1" }, { key: "10.0.0.3" }]);
    const port = { key: ["tcp", 8080], data: ["10.0.0.2", 80], comment: "c1" } as const;
    expect(nft.elements("ip", "demo", PORTS)).toEqual([port]);
    expect(nft.element("ip", "demo", PORTS, ["tcp", 8080])).toEqual(port);
    expect(nft.element("ip", "demo", PORTS, ["udp", 8080])).toBeUndefined();
    expect(nft.elements("ip", "none", PODS)).toEqual([]);
  }),
);

/** One value of each type, as here and as in nft's words. */
const VALUES = [
  ["ipv4_addr", "10.0.0.1", "10.0.0.1"],
  ["ipv6_addr", "fd00::1", "fd00::1"],
  ["ether_addr", "02:00:00:00:00:01", "02:00:00:00:00:01"],
  ["ifname", "eth0", '"eth0"'],
  ["inet_proto", "udp", "udp"],
  ["inet_service", 8080, "8080"],
  ["mark", 0x01020304, "0x01020304"],
] as const;

needsNft(
  "sets and maps of each type are nft's",
  inLab((lab) => {
    const twin = lab.container();
    using nft = openNft({ netns: lab.host });
    const transaction = demo().add({ kind: "table" });
    const lines = ["add table ip demo"];
    VALUES.forEach(([type, value, text], i) => {
      const [data, datum, words] = VALUES[(i + 3) % VALUES.length] as (typeof VALUES)[number];
      const [set, map] = [
        { name: `s${i}`, type },
        { name: `m${i}`, type, data },
      ];
      transaction.add({ kind: "set", ...set }).add({ kind: "set", ...map });
      transaction.addElements(set, [{ key: value }]).addElements(map, [{ key: value, data: datum }]);
      lines.push(`add set ip demo s${i} { type ${type}; }`, `add map ip demo m${i} { type ${type} : ${data}; }`);
      lines.push(`add element ip demo s${i} { ${text} }`, `add element ip demo m${i} { ${text} : ${words} }`);
    });
    nft.run(transaction);
    lab.sh(twin, "nft", lines.join("\n"));
    expect(ruleset(lab)).toBe(ruleset(lab, twin));
    VALUES.forEach(([type, key], i) => {
      const [data, datum] = VALUES[(i + 3) % VALUES.length] as (typeof VALUES)[number];
      expect(nft.elements("ip", "demo", { name: `s${i}`, type })).toEqual([{ key }]);
      expect(nft.elements("ip", "demo", { name: `m${i}`, type, data })).toEqual([{ key, data: datum }] as never);
    });
    expect(nft.sets("ip", "demo")).toContainEqual({ name: "m0", type: "ipv4_addr", data: "ifname" });
  }),
);

needsNft(
  "what is added can be deleted, and a failure leaves all as it was",
  inLab((lab) => {
    using nft = openNft({ netns: lab.host });
    nft.run(sample());
    const before = ruleset(lab);
    const failing = demo().deleteElements(PODS, ["10.0.0.2"]).deleteElements(PODS, ["10.0.0.9"]);
    const failure = thrown(() => nft.run(failing));
    expect(failure).toBeInstanceOf(NetlinkError);
    expect(failure).toMatchObject({
      errno: ENOENT,
      operation: "nft delete element ip demo pods { 10.0.0.9 }",
    });
    expect(thrown(() => nft.run(demo().create({ kind: "table" })))).toMatchObject({ errno: EEXIST });
    expect(thrown(() => nft.run(demo().delete({ kind: "set", name: "pods" })))).toMatchObject({ errno: EBUSY });
    // What is not there is no failure of destroy, and not what is named.
    const mixed = demo().destroy({ kind: "chain", name: "none" }).create({ kind: "table" });
    expect(thrown(() => nft.run(mixed))).toMatchObject({ operation: "nft create table ip demo" });
    expect(ruleset(lab)).toBe(before);
    const [rule] = nft.rules("ip", "demo", "post");
    nft.run(
      demo()
        .deleteRule("post", rule?.handle ?? 0)
        .destroyElements(PORTS, [
          ["tcp", 8080],
          ["tcp", 1],
        ])
        .destroy({ kind: "set", name: "pods" })
        .delete({ kind: "chain", name: "post" })
        .destroy({ kind: "chain", name: "none" })
        .destroyElements(PODS, []),
    );
    const left = lab.nftj(lab.host).map((row) => Object.keys(row)[0]);
    expect(left.sort()).toEqual(["chain", "map", "rule", "rule", "table"]);
    expect(nft.elements("ip", "demo", PORTS)).toEqual([]);
    nft.run(demo().destroy({ kind: "table" }), demo().destroy({ kind: "table" }));
    expect(lab.nftj(lab.host)).toEqual([]);
  }),
);

needsNft(
  "runAt() does nothing once somebody has changed something",
  inLab((lab) => {
    using nft = openNft({ netns: lab.host });
    const generation = nft.generation();
    lab.sh(lab.host, "nft", "add table ip other");
    expect(thrown(() => nft.runAt(generation, sample()))).toMatchObject({ errno: ERESTART });
    expect(nft.tables()).toEqual([{ family: "ip", name: "other" }]);
    nft.runAt(nft.generation(), sample());
    expect(nft.tables()).toHaveLength(2);
  }),
);

needsNft(
  "a thousand elements go in and come out",
  inLab((lab) => {
    using nft = openNft({ netns: lab.host });
    const keys = Array.from({ length: 1000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    const elements = keys.map((key) => ({ key, comment: `of ${key}` }));
    nft.run(
      demo()
        .add({ kind: "table" })
        .add({ kind: "set", ...PODS })
        .createElements(PODS, elements),
    );
    const [set] = lab.nftj(lab.host).filter((row) => row.set);
    expect(set?.set.elem).toHaveLength(1000);
    expect(new Set(nft.elements("ip", "demo", PODS).map(({ key }) => key))).toEqual(new Set(keys));
    nft.run(demo().deleteElements(PODS, keys));
    expect(nft.elements("ip", "demo", PODS)).toEqual([]);
  }),
);
