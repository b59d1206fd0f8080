import { expect } from "bun:test";
import { addMasquerade } from "../../../src/features/masquerade/nft.ts";
import { checkMasquerade } from "../../../src/features/masquerade/nft-check.ts";
import { gcMasquerade } from "../../../src/features/masquerade/nft-gc.ts";
import { removeMasquerade } from "../../../src/features/masquerade/nft-remove.ts";
import { sweepMasquerade } from "../../../src/features/masquerade/nft-sweep.ts";
import type { Client } from "../../../src/netlink/client.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { ips, other, owner, prefixes } from "../../support/masquerade.ts";
import { namespaces, needs, nftables } from "../../support/needs.ts";
import { batchesOf, interrupted, nftClient, silentAboutSizes } from "../../support/nft.ts";

const needsNft = needs(namespaces, nftables);

/** The networks whose sets and rules are there, each as often as it has one: by their comments. */
function networks(lab: Lab): { sets: string[]; rules: string[] } {
  const rows = lab.nftj(lab.host);
  const names = (comments: (string | undefined)[]) => comments.map((text = "") => text.replace(/^.*net: /, "")).sort();
  return {
    sets: names(rows.flatMap(({ set }) => (set ? [set.comment] : []))),
    rules: names(rows.flatMap(({ rule }) => (rule ? [rule.comment] : []))),
  };
}

const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `n${i + from}`);
const addressesOf = (network: string) => prefixes(`10.1.${network.slice(1)}.3/24`);
const join = (nft: Client, network: string) => addMasquerade(nft, { ...owner, network }, addressesOf(network));
const leave = (nft: Client, network: string) => removeMasquerade(nft, { ...owner, network }, undefined);

/** An ADD, as host/masquerade.ts has it. */
function add(nft: Client, network: string): void {
  sweepMasquerade(nft, join(nft, network));
}

/** Networks that were used and are not any more. */
function abandon(nft: Client, names: readonly string[]): void {
  for (const network of names) {
    join(nft, network);
    leave(nft, network);
  }
}

const both = (names: readonly string[]) => ({ sets: names.toSorted(), rules: names.toSorted() });

needsNft(
  "sweepMasquerade() removes what other networks left empty, and nothing that is in use",
  inLab((lab) => {
    const nft = nftClient(lab);
    abandon(nft, numbered(30));
    const live = numbered(5, 100);
    for (const network of live) join(nft, network);
    expect(networks(lab)).toEqual(both([...numbered(30), ...live]));
    add(nft, "n200");
    expect(networks(lab)).toEqual(both([...live, "n200"]));
    for (const network of [...live, "n200"]) {
      expect(checkMasquerade(nft, { ...owner, network }, addressesOf(network))).toBeUndefined();
    }
  }),
);

needsNft(
  "sweepMasquerade() leaves a few as they are: of containers that restart, for instance",
  inLab((lab) => {
    const nft = nftClient(lab);
    abandon(nft, numbered(4));
    add(nft, "n100");
    expect(networks(lab)).toEqual(both([...numbered(4), "n100"]));
  }),
);

needsNft(
  "sweepMasquerade() removes 64 sets at a time, the newest first, in both families",
  inLab((lab) => {
    const nft = nftClient(lab);
    const dual = (i: number) => prefixes(`10.1.${i}.3/24`, `fd00:${i}::3/64`);
    for (let i = 0; i < 100; i++) {
      addMasquerade(nft, { ...owner, network: `n${i}` }, dual(i));
      removeMasquerade(nft, { ...owner, network: `n${i}` }, undefined);
    }
    sweepMasquerade(nft, addMasquerade(nft, { ...owner, network: "n100" }, dual(100)));
    const kept = [...numbered(68), "n100"];
    expect(networks(lab)).toEqual(both([...kept, ...kept]));
  }),
);

needsNft(
  "sweepMasquerade() removes what a network left in a prefix that it had before",
  inLab((lab) => {
    const nft = nftClient(lab);
    for (let i = 0; i < 10; i++) {
      const built = addMasquerade(nft, owner, prefixes(`10.1.${i}.3/24`));
      if (i === 9) sweepMasquerade(nft, built);
      else removeMasquerade(nft, owner, ips(`10.1.${i}.3`));
    }
    expect(networks(lab)).toEqual(both(["unit-test"]));
  }),
);

needsNft(
  "sweepMasquerade() leaves what it has not made: sets, and rules about its own sets",
  inLab((lab) => {
    const nft = nftClient(lab);
    abandon(nft, numbered(10));
    const [used] = lab.nftj(lab.host).flatMap(({ set }) => (set?.comment.endsWith("net: n3") ? [set.name] : []));
    lab.sh(lab.host, "nft", 'add set ip berth mine { type ipv4_addr; comment "net: mine"; }');
    lab.sh(lab.host, "nft", `add rule ip berth postrouting ip saddr @${used} accept comment "net: user"`);
    add(nft, "n100");
    expect(networks(lab)).toEqual({ sets: ["mine", "n100", "n3"], rules: ["n100", "n3", "user"] });
  }),
);

needsNft(
  "sweepMasquerade() leaves a set that is given an address meanwhile, and removes the others",
  inLab((lab) => {
    const nft = nftClient(lab);
    abandon(nft, numbered(10));
    const built = join(nft, "n100");
    const late = interrupted(lab, 1, () => join(nft, "n7"));
    sweepMasquerade(late, built);
    expect(networks(lab)).toEqual(both(["n100", "n7"]));
    expect(checkMasquerade(nft, { ...owner, network: "n7" }, addressesOf("n7"))).toBeUndefined();
  }),
);

needsNft(
  "sweepMasquerade() twice at once",
  inLab((lab) => {
    const nft = nftClient(lab);
    abandon(nft, numbered(20));
    const built = join(nft, "n100");
    const second = interrupted(lab, 1, () => add(nftClient(lab), "n101"));
    sweepMasquerade(second, built);
    expect(networks(lab)).toEqual(both(["n100", "n101"]));
  }),
);

needsNft(
  "sweepMasquerade() leaves a set that was removed and made again since it was seen empty",
  inLab((lab) => {
    const nft = nftClient(lab);
    abandon(nft, numbered(10));
    const built = join(nft, "n100");
    const second = interrupted(lab, 1, () => {
      add(nft, "n101");
      join(nft, "n5");
    });
    sweepMasquerade(second, built);
    expect(networks(lab)).toEqual(both(["n100", "n101", "n5"]));
    expect(checkMasquerade(nft, { ...owner, network: "n5" }, addressesOf("n5"))).toBeUndefined();
  }),
);

needsNft(
  "addMasquerade() makes set and rule again that another removes between its look and its batch",
  inLab((lab) => {
    const nft = nftClient(lab);
    abandon(nft, numbered(10));
    const swept = interrupted(lab, 1, () => add(nftClient(lab), "n100"));
    sweepMasquerade(nft, join(swept, "n5"));
    expect(networks(lab)).toEqual(both(["n100", "n5"]));
    expect(checkMasquerade(nft, { ...owner, network: "n5" }, addressesOf("n5"))).toBeUndefined();
  }),
);

needsNft(
  "sweepMasquerade() finds out by trying, now and then, where the kernel does not say which sets are empty",
  inLab((lab) => {
    const nft = nftClient(lab);
    const live = numbered(10, 100);
    for (const network of live) join(nft, network);
    abandon(nft, numbered(14));
    const { client, batches } = batchesOf(lab, silentAboutSizes);
    sweepMasquerade(client, join(nft, "n200"));
    expect(networks(lab)).toEqual(both([...live, "n200"]));
    // The rule and the set of all that may be empty; then of those that are.
    expect(batches.map(({ length }) => length)).toEqual([2 * 24, 2 * 14]);

    batches.length = 0;
    for (const network of numbered(20)) {
      sweepMasquerade(client, join(nft, network));
      leave(nft, network);
    }
    // Each time that there are 16 others, 11 of them in use.
    const tried = [2 * 16, 2 * 5];
    expect(batches.map(({ length }) => length)).toEqual([...tried, ...tried, ...tried]);
    expect(networks(lab).sets.length).toBeLessThan(live.length + 1 + 8);
  }),
);

needsNft(
  "gcMasquerade() removes the network's sets that it has emptied or found empty, with their rules",
  inLab((lab) => {
    const nft = nftClient(lab);
    abandon(nft, ["n1"]);
    addMasquerade(nft, owner, prefixes("10.1.2.3/24", "fd00::3/64", "10.9.2.3/24"));
    addMasquerade(nft, other, prefixes("10.1.2.4/24"));
    removeMasquerade(nft, owner, ips("10.9.2.3"));
    expect(gcMasquerade(nft, owner.network, () => [other])).toBe(2);
    expect(networks(lab)).toEqual(both(["n1", "unit-test"]));
    expect(gcMasquerade(nft, owner.network, () => [])).toBe(1);
    expect(gcMasquerade(nft, owner.network, () => expect.unreachable())).toBe(0);
    expect(networks(lab)).toEqual(both(["n1"]));
  }),
);

needsNft(
  "gcMasquerade() leaves a set that an ADD fills meanwhile, and an ADD makes again what it has removed",
  inLab((lab) => {
    const nft = nftClient(lab);
    const addresses = prefixes("10.1.2.3/24");
    abandon(nft, ["n1"]);
    gcMasquerade(
      interrupted(lab, 1, () => join(nft, "n1")),
      "n1",
      () => [],
    );
    expect(networks(lab)).toEqual(both(["n1"]));
    addMasquerade(nft, other, prefixes("10.1.2.4/24"));
    const late = interrupted(lab, 1, () => gcMasquerade(nft, owner.network, () => []));
    addMasquerade(late, owner, addresses);
    expect(checkMasquerade(nft, owner, addresses)).toBeUndefined();
    expect(networks(lab)).toEqual(both(["n1", "unit-test"]));
  }),
);
