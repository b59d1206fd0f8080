import { expect } from "bun:test";
import { addMasquerade } from "../../../src/features/masquerade/nft.ts";
import { checkMasquerade } from "../../../src/features/masquerade/nft-check.ts";
import { inLab } from "../../support/lab.ts";
import { DUAL, EXPECTED, other, owner, prefixes } from "../../support/masquerade.ts";
import { namespaces, needs, nftables } from "../../support/needs.ts";
import { batchesOf, interrupted, nftClient, ruleset } from "../../support/nft.ts";

const needsNft = needs(namespaces, nftables);

needsNft(
  "addMasquerade() makes table, chain, set, rule and element, and nothing twice",
  inLab((lab) => {
    const nft = nftClient(lab);
    addMasquerade(nft, owner, DUAL);
    expect(ruleset(lab)).toBe(EXPECTED);
    addMasquerade(nft, owner, DUAL);
    expect(ruleset(lab)).toBe(EXPECTED);
  }),
);

needsNft(
  "addMasquerade() adds only an element for the next container",
  inLab((lab) => {
    addMasquerade(nftClient(lab), owner, DUAL);
    const objects = lab.nftj(lab.host).length;
    const nft = interrupted(lab, 2, () => expect.unreachable());
    addMasquerade(nft, other, prefixes("10.1.2.4/24", "fd00::4/64"));
    expect(lab.nftj(lab.host)).toHaveLength(objects);
    expect(checkMasquerade(nft, owner, DUAL)).toBeUndefined();
    expect(checkMasquerade(nft, other, prefixes("10.1.2.4/24", "fd00::4/64"))).toBeUndefined();
  }),
);

needsNft(
  "addMasquerade() takes over an address from who had it before",
  inLab((lab) => {
    const nft = nftClient(lab);
    addMasquerade(nft, other, prefixes("10.1.2.3/24"));
    addMasquerade(nft, owner, DUAL);
    expect(ruleset(lab)).toBe(EXPECTED);
  }),
);

needsNft(
  "addMasquerade() rebuilds what was flushed",
  inLab((lab) => {
    const nft = nftClient(lab);
    addMasquerade(nft, owner, DUAL);
    lab.sh(lab.host, "nft", "delete", "table", "ip", "berth");
    addMasquerade(nft, owner, DUAL);
    expect(lab.sh(lab.host, "nft", "list", "table", "ip", "berth")).toBe(
      EXPECTED.slice(0, EXPECTED.indexOf("table ip6")),
    );
  }),
);

needsNft(
  "addMasquerade() in two processes at once makes one rule",
  inLab((lab) => {
    const late = prefixes("10.1.2.4/24", "fd00::4/64");
    const nft = nftClient(lab);
    addMasquerade(
      interrupted(lab, 1, () => addMasquerade(nft, owner, DUAL)),
      other,
      late,
    );
    expect(checkMasquerade(nft, owner, DUAL)).toBeUndefined();
    expect(checkMasquerade(nft, other, late)).toBeUndefined();
    expect(ruleset(lab).match(/masquerade/g)?.length).toBe(2);
  }),
);

needsNft(
  "addMasquerade() builds what is flushed between its look and its batch",
  inLab((lab) => {
    addMasquerade(nftClient(lab), other, prefixes("10.1.2.4/24"));
    addMasquerade(
      interrupted(lab, 1, () => lab.sh(lab.host, "nft", "flush", "ruleset")),
      owner,
      DUAL,
    );
    expect(ruleset(lab)).toBe(EXPECTED);
  }),
);

needsNft(
  "addMasquerade() for another network makes all again when its chain goes meanwhile, or the table",
  inLab((lab) => {
    const nft = nftClient(lab);
    for (const command of ["flush ruleset", "flush chain ip berth postrouting; delete chain ip berth postrouting"]) {
      lab.sh(lab.host, "nft", "flush", "ruleset");
      addMasquerade(nft, { ...owner, network: "first" }, DUAL);
      addMasquerade(
        interrupted(lab, 1, () => lab.sh(lab.host, "nft", command)),
        owner,
        DUAL,
      );
      expect(checkMasquerade(nft, owner, DUAL)).toBeUndefined();
    }
  }),
);

needsNft(
  "addMasquerade() does not add a chain that is there: the process would wait for all processors at its end",
  inLab((lab) => {
    const { client, batches } = batchesOf(lab);
    expect(addMasquerade(client, owner, DUAL).map(({ family }) => family)).toEqual(["ip", "ip6"]);
    addMasquerade(client, { ...owner, network: "second" }, prefixes("10.3.2.3/24"));
    expect(addMasquerade(client, other, prefixes("10.1.2.4/24"))).toEqual([]);
    const all = ["NEWTABLE", "NEWCHAIN", "NEWSET", "NEWRULE", "NEWSETELEM"];
    expect(batches).toEqual([[...all, ...all], all.slice(2), all.slice(4)]);
  }),
);

needsNft(
  "addMasquerade() survives that everything is flushed meanwhile",
  inLab((lab) => {
    const nft = nftClient(lab);
    addMasquerade(nft, other, prefixes("10.1.2.3/24"));
    // The first batch finds the other's element; the second would replace it.
    addMasquerade(
      interrupted(lab, 2, () => lab.sh(lab.host, "nft", "flush", "ruleset")),
      owner,
      DUAL,
    );
    expect(ruleset(lab)).toBe(EXPECTED);
  }),
);

needsNft(
  "addMasquerade() keeps networks, prefixes and long names apart",
  inLab((lab) => {
    const nft = nftClient(lab);
    const long = { network: "n".repeat(255), containerId: "c".repeat(300), ifname: "eth0" };
    const all = prefixes(
      "10.1.2.3/24",
      "10.1.2.4/25",
      "10.9.9.9/32",
      "10.8.0.1/0",
      "2001:db8:1111:2222:3333:4444:5555:6666/127",
    );
    addMasquerade(nft, owner, all);
    addMasquerade(nft, long, all);
    expect(checkMasquerade(nft, owner, all)).toBeUndefined();
    expect(checkMasquerade(nft, long, all)).toBeUndefined();
    const text = ruleset(lab);
    expect(text.match(/masquerade/g)?.length).toBe(10);
    lab.sh(lab.host, "nft", "flush", "ruleset");
    lab.sh(lab.host, "nft", text);
    expect(checkMasquerade(nft, long, all)).toBeUndefined();
  }),
);
