import { expect } from "bun:test";
import { EBUSY, EEXIST, ENOENT } from "../../../src/base/errno.ts";
import { Batch } from "../../../src/nft/batch.ts";
import { attempt, run } from "../../../src/nft/client.ts";
import { listRules } from "../../../src/nft/find.ts";
import { verdict } from "../../../src/nft/match-link.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { namespaces, needs, nftables } from "../../support/needs.ts";
import { ADDRESSES, EVERYTHING, everything, ip, nftClient, ruleset, SOURCES } from "../../support/nft.ts";
import { TRANSLATIONS, translations } from "../../support/nft-maps.ts";

const needsNft = needs(namespaces, nftables);

/** A ruleset as JSON without handles, in an order that does not depend on who made it. */
function rows(lab: Lab, ns: string): string[] {
  const plain = lab.nftj(ns).map((row) => JSON.stringify(row, (key, value) => (key === "handle" ? undefined : value)));
  return plain.sort();
}

needsNft(
  "run() makes what nft makes of the same words",
  inLab((lab) => {
    const twin = lab.container();
    run(nftClient(lab), ...everything(), ...translations());
    lab.sh(twin, "nft", EVERYTHING + TRANSLATIONS);
    expect(rows(lab, lab.host)).toEqual(rows(lab, twin));
  }),
);

needsNft(
  "toString() is what nft makes the same of",
  inLab((lab) => {
    const twin = lab.container();
    const all = [...everything(), ...translations()];
    run(nftClient(lab), ...all);
    lab.sh(twin, "nft", all.join(""));
    expect(ruleset(lab)).toBe(ruleset(lab, twin));
  }),
);

needsNft(
  "what run() made can be listed by nft and loaded again",
  inLab((lab) => {
    const twin = lab.container();
    run(nftClient(lab), ...everything(), ...translations());
    lab.sh(twin, "nft", ruleset(lab));
    expect(ruleset(lab, twin)).toBe(ruleset(lab));
  }),
);

needsNft(
  "run() does all or nothing and names the command that failed",
  inLab((lab) => {
    const nft = nftClient(lab);
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
    const nft = nftClient(lab);
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
    const nft = nftClient(lab);
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
        .destroy(SOURCES)
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
  "delete refuses a set that has elements or is in use, and says so of each; destroy takes the elements with it",
  inLab((lab) => {
    const nft = nftClient(lab);
    run(nft, ...everything());
    const empty = { kind: "set", name: "empty", type: "ipv4_addr" } as const;
    run(nft, new Batch("ip", "t4").add(empty), new Batch("ip6", "t6").flush({ kind: "chain", name: "postrouting" }));
    const before = ruleset(lab);
    const all = [new Batch("ip", "t4").delete(ADDRESSES).delete(empty), new Batch("ip6", "t6").delete(SOURCES)];
    expect(attempt(nft, ...all).map(({ command, error }) => [command?.object, error.errno])).toEqual([
      [ADDRESSES, EBUSY],
      [SOURCES, EBUSY],
    ]);
    expect(ruleset(lab)).toBe(before);
    run(nft, new Batch("ip", "t4").delete(empty), new Batch("ip6", "t6").destroy(SOURCES));
    expect(lab.nftj(lab.host).flatMap(({ set }) => (set ? [set.name] : []))).toEqual(["a-b.c", "names", "macs"]);
  }),
);

needsNft(
  "run() in one batch replaces an element of the same key",
  inLab((lab) => {
    const nft = nftClient(lab);
    run(nft, ...everything());
    const element = { kind: "element", set: ADDRESSES, key: ip("10.1.2.3"), comment: "another" } as const;
    run(nft, new Batch("ip", "t4").delete(element).create(element));
    expect(ruleset(lab)).toContain('elements = { 10.1.2.3 comment "another" }');
  }),
);
