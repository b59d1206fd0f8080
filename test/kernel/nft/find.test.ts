import { expect } from "bun:test";
import { Batch } from "../../../src/nft/batch.ts";
import { run } from "../../../src/nft/client.ts";
import { findChain, hasTable, listRules } from "../../../src/nft/find.ts";
import { countElements, listEmptySets, listRulesOf } from "../../../src/nft/find-empty.ts";
import { getElement, hasSet, listElements, listSets } from "../../../src/nft/find-set.ts";
import { etherSaddr, verdict } from "../../../src/nft/match-link.ts";
import { inLab } from "../../support/lab.ts";
import { namespaces, needs, nftables } from "../../support/needs.ts";
import {
  ADDRESSES,
  EVERYTHING,
  everything,
  ip,
  mac,
  NAT,
  nftClient,
  SPOOF,
  silentAboutSizes,
} from "../../support/nft.ts";

const needsNft = needs(namespaces, nftables);

needsNft(
  "find functions read what nft has made",
  inLab((lab) => {
    lab.sh(lab.host, "nft", EVERYTHING);
    const nft = nftClient(lab);
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
    expect(hasSet(nft, "ip", "t4", ADDRESSES.name)).toBe(true);
    const element = { kind: "element", set: ADDRESSES, key: ip("10.1.2.3"), comment: "grüße" };
    expect(listElements(nft, "ip", "t4", ADDRESSES) as unknown[]).toEqual([element]);
    expect(getElement(nft, "ip", "t4", ADDRESSES, ip("10.1.2.3")) as unknown).toEqual(element);
  }),
);

needsNft(
  "listRules() returns the statements that were put in, and the handles that nft shows",
  inLab((lab) => {
    const nft = nftClient(lab);
    run(nft, ...everything());
    const rules = listRules(nft, "bridge", "b", "mac");
    expect(rules.map(({ exprs }) => exprs)).toEqual([
      [...etherSaddr(mac("02:00:00:00:00:01")).exprs, ...verdict("return").exprs],
      [...verdict("drop").exprs],
    ]);
    const shown = lab.nftj(lab.host).filter(({ rule }) => rule?.chain === "mac");
    expect(rules.map(({ handle }) => handle)).toEqual(shown.map(({ rule }) => rule.handle));
  }),
);

needsNft(
  "listEmptySets(), listRulesOf() and countElements() pick out of what nft shows",
  inLab((lab) => {
    lab.sh(lab.host, "nft", EVERYTHING);
    lab.sh(lab.host, "nft", "add set ip t4 none { type ipv4_addr; }");
    lab.sh(lab.host, "nft", "add rule ip t4 postrouting counter ip daddr @none ip saddr @a-b.c masquerade");
    const nft = nftClient(lab);
    const rules = (...sets: string[]) => listRulesOf(nft, "ip", "t4", "postrouting", new Set(sets));
    expect(listEmptySets(nft, "ip", "t4")).toEqual([{ name: "none", sure: true }]);
    const sizeless = nftClient(lab, silentAboutSizes);
    expect(listEmptySets(sizeless, "ip", "t4")).toEqual([
      { name: "a-b.c", sure: false },
      { name: "none", sure: false },
    ]);
    const count = (client: typeof nft, name: string) => countElements(client, "ip", "t4", name);
    expect(["a-b.c", "none", "nowhere"].map((name) => count(nft, name))).toEqual([1, 0, undefined]);
    expect(count(sizeless, "a-b.c")).toBeUndefined();
    const shown = lab.nftj(lab.host).filter(({ rule }) => rule?.table === "t4");
    const all = listRules(nft, "ip", "t4", "postrouting").map(({ handle, exprs }) => ({ handle, exprs }));
    expect(all.map(({ handle }) => handle)).toEqual(shown.map(({ rule }) => rule.handle));
    expect(rules("a-b.c")).toEqual(all.slice(0, 1));
    expect(rules("none", "other")).toEqual(all.slice(1));
    expect(rules("a-b.c", "none")).toEqual(all);
    expect(rules("other")).toEqual([]);
    expect(listRulesOf(nft, "bridge", "b", "mac", new Set(["names"]))).toEqual([]);
    expect([listEmptySets(nft, "ip", "no"), listRulesOf(nft, "ip", "no", "c", new Set(["a"]))]).toEqual([[], []]);
  }),
);

needsNft(
  "find functions find nothing where there is nothing",
  inLab((lab) => {
    const nft = nftClient(lab);
    for (const table of ["none", "t"]) {
      expect(hasTable(nft, "ip", "none")).toBe(false);
      expect(findChain(nft, "ip", table, "c")).toBeUndefined();
      expect(listRules(nft, "ip", table, "c")).toEqual([]);
      expect(hasSet(nft, "ip", table, "s")).toBe(false);
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
    const nft = nftClient(lab);
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
