/** Mappings under a condition: what is there for them, and that it goes with them. */
import { expect } from "bun:test";
import { addPortMap, gcPortMap, removePortMap } from "../../../src/features/port-map/nft.ts";
import { checkPortMap } from "../../../src/features/port-map/nft-check.ts";
import { restorePortMap } from "../../../src/features/port-map/nft-restore.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { other, owner, prefixes } from "../../support/masquerade.ts";
import { namespaces, needs, nftables } from "../../support/needs.ts";
import { batchesOf, interrupted, nftClient, ruleset, silentAboutSizes } from "../../support/nft.ts";
import { links, portMapElements, tcp, under, wish } from "../../support/port-map.ts";

const needsNft = needs(namespaces, nftables);
const ONE = prefixes("10.1.2.3/24");
const TWO = prefixes("10.1.2.4/24");
const alive = () => true;

const INSIDE = "ip saddr { 10.0.0.0/8, 192.168.0.0/16 } tcp dport != 22";
const WISH = under(INSIDE, wish(tcp(80, 1), tcp(81, 1, "192.0.2.1")));
const both = (link: number) => links(link, link, [7, 8]);

/** The rules and sets of the tables, without what an unconditional mapping has too: empty when all is as before. */
function conditional(lab: Lab): string[] {
  const rows = lab.nftj(lab.host).map(({ rule, chain, map, set }) => ({ rule, chain, set: map ?? set }));
  return rows.flatMap(({ rule, chain, set }) => {
    const name = chain?.name ?? set?.name ?? (rule ? JSON.stringify(rule.expr) : "");
    const match = /[a-z]+-[0-9a-f]{12}/.exec(name)?.[0];
    return match ? [match] : [];
  });
}

const digestIn = (lab: Lab) => /hostports-([0-9a-f]{12})/.exec(ruleset(lab))?.[1] ?? "";

needsNft(
  "the first mapping under a condition makes its chain and maps, others share them, and they go with the last",
  inLab((lab) => {
    const { client, batches } = batchesOf(lab);
    addPortMap(client, owner, wish(tcp(9, 9)), ONE, both(7));
    const before = ruleset(lab);
    removePortMap(client, owner, [], alive);
    batches.length = 0;
    addPortMap(client, owner, WISH, ONE, both(7));
    const digest = digestIn(lab);
    const [text, chain] = [ruleset(lab), `hostports-${digest}`];
    expect(text).toContain(`chain hostports {\n\t\t${INSIDE} jump ${chain}\n`);
    expect(text).toContain(`comment "host ports"`);
    expect(text).toContain(`comment "${INSIDE}"`);
    expect(portMapElements(lab, `ports-${digest}`, `addresses-${digest}`, "ports", "addresses")).toEqual([
      `ip addresses-${digest}: 192.0.2.1 . tcp . 81 → 10.1.2.3 . 1 (one)`,
      `ip ports-${digest}: tcp . 80 → 10.1.2.3 . 1 (one)`,
    ]);
    const there = conditional(lab);
    addPortMap(client, other, under(INSIDE, wish(tcp(82, 2))), TWO, both(8));
    expect(conditional(lab)).toEqual(there);
    expect(batches).toHaveLength(2);
    expect(new Set(batches[1])).toEqual(new Set(["NEWSETELEM"]));
    removePortMap(client, owner, [], alive);
    expect(conditional(lab)).toEqual(there);
    removePortMap(client, other, [tcp(82, 2)], alive);
    expect(conditional(lab)).toEqual([]);
    expect(batches).toHaveLength(4);
    addPortMap(client, owner, wish(tcp(9, 9)), ONE, both(7));
    const timeless = (one: string) => one.replaceAll(/since: [\d.]+/g, "");
    expect(timeless(ruleset(lab))).toBe(timeless(before));
  }),
);

needsNft.each([
  ["says how many", () => ({})],
  ["does not say how many", silentAboutSizes],
])("what others have under a condition stays when one goes, where the kernel %s there are", async (_, over) => {
  await inLab((lab) => {
    const nft = nftClient(lab, over);
    addPortMap(nft, owner, under(INSIDE, wish(tcp(80, 1))), ONE, both(7));
    addPortMap(nft, other, under(INSIDE, wish(tcp(81, 2, "192.0.2.1"))), TWO, both(8));
    const digest = digestIn(lab);
    removePortMap(nft, owner, [tcp(80, 1)], alive);
    expect(portMapElements(lab, `ports-${digest}`, `addresses-${digest}`)).toHaveLength(1);
    removePortMap(nft, other, [tcp(81, 2, "192.0.2.1")], alive);
    expect(conditional(lab)).toEqual([]);
  })();
});

needsNft(
  "a port under a condition is not the same without, or under another: each has it, and waits for its own",
  inLab((lab) => {
    const nft = nftClient(lab);
    const plain = wish(tcp(80, 2));
    addPortMap(nft, owner, under(INSIDE, wish(tcp(80, 1))), ONE, both(7));
    const digest = digestIn(lab);
    expect(addPortMap(nft, other, plain, TWO, both(8))).toEqual([]);
    const third = { ...owner, containerId: "three" };
    const displaced = addPortMap(nft, third, under(INSIDE, plain), prefixes("10.1.2.5/24"), both(8));
    expect(displaced.map(({ comment }) => comment)).toEqual([expect.stringContaining("id: one")]);
    const names = ["ports", "waiting", `ports-${digest}`, `waiting-${digest}`];
    expect(portMapElements(lab, ...names)).toEqual([
      `ip ports-${digest}: tcp . 80 → 10.1.2.5 . 2 (three)`,
      "ip ports: tcp . 80 → 10.1.2.4 . 2 (two)",
      `ip waiting-${digest}: 0.0.0.0 . tcp . 80 . 10.1.2.3 . 1`,
    ]);
    expect(checkPortMap(nft, owner, under(INSIDE, wish(tcp(80, 1))), ONE)).toMatch(
      /^host port tcp \. 80 has gone to another: .*id: three .*; it comes back when that one goes$/,
    );
    removePortMap(nft, third, [], alive);
    expect(portMapElements(lab, ...names)).toContain(`ip ports-${digest}: tcp . 80 → 10.1.2.3 . 1 (one)`);
    removePortMap(nft, other, [], alive);
    removePortMap(nft, owner, [], alive);
    expect([conditional(lab), portMapElements(lab)]).toEqual([[], ["ip localnet: lab0"]]);
  }),
);

needsNft(
  "a repeated ADD under another condition, or none, leaves nothing of the one before",
  inLab((lab) => {
    const nft = nftClient(lab);
    addPortMap(nft, owner, WISH, ONE, both(7));
    const first = digestIn(lab);
    addPortMap(nft, owner, under("iifname != lo", wish(tcp(80, 1))), ONE, both(7));
    const second = digestIn(lab);
    expect(second).not.toBe(first);
    expect(ruleset(lab)).not.toContain(first);
    addPortMap(nft, owner, under("iifname != lo", wish(tcp(80, 1))), ONE, both(7));
    expect(digestIn(lab)).toBe(second);
    addPortMap(nft, owner, wish(tcp(80, 1)), ONE, both(7));
    expect(conditional(lab)).toEqual([]);
    expect(portMapElements(lab, "ports")).toEqual(["ip ports: tcp . 80 → 10.1.2.3 . 1 (one)"]);
  }),
);

needsNft(
  "gcPortMap() removes conditions of which nobody is left",
  inLab((lab) => {
    const nft = nftClient(lab);
    addPortMap(nft, owner, WISH, ONE, both(7));
    addPortMap(nft, other, under("tcp sport 1-1023", wish(tcp(80, 1))), TWO, both(8));
    gcPortMap(nft, owner.network, () => [other], alive);
    expect(ruleset(lab)).not.toContain(INSIDE);
    expect(checkPortMap(nft, other, under("tcp sport 1-1023", wish(tcp(80, 1))), TWO)).toBeUndefined();
    gcPortMap(nft, owner.network, () => [], alive);
    expect([conditional(lab), portMapElements(lab)]).toEqual([[], ["ip localnet: lab0"]]);
  }),
);

needsNft(
  "of two first ones at once both are mapped; one that comes while the last goes is, too",
  inLab((lab) => {
    const nft = nftClient(lab);
    const theirs = under(INSIDE, wish(tcp(90, 2)));
    addPortMap(nft, { ...owner, ifname: "eth9" }, wish(tcp(9, 9)), prefixes("10.1.2.9/24"), both(7));
    const late = interrupted(lab, 1, () => addPortMap(nft, other, theirs, TWO, both(8)));
    addPortMap(late, owner, WISH, ONE, both(7));
    const isWhole = () => [checkPortMap(nft, owner, WISH, ONE), checkPortMap(nft, other, theirs, TWO)];
    expect(isWhole()).toEqual([undefined, undefined]);
    expect(ruleset(lab).match(/jump hostports-/g)).toHaveLength(1);
    removePortMap(nft, other, [], alive);
    // Its maps are gone when the ADD that has seen them comes.
    const overtaken = interrupted(lab, 1, () => removePortMap(nft, owner, WISH.mappings, alive));
    addPortMap(overtaken, other, theirs, TWO, both(8));
    expect(isWhole()).toEqual([expect.any(String), undefined]);
    // And what the DEL has seen to be the last is not.
    const overtaking = interrupted(lab, 1, () => addPortMap(nft, owner, WISH, ONE, both(7)));
    removePortMap(overtaking, other, theirs.mappings, alive);
    expect(isWhole()).toEqual([undefined, expect.any(String)]);
  }),
);

needsNft(
  "checkPortMap() sees what is missing of a condition, and restorePortMap() puts it back",
  inLab((lab) => {
    const nft = nftClient(lab);
    addPortMap(nft, owner, WISH, ONE, both(7));
    const digest = digestIn(lab);
    const before = ruleset(lab);
    const table = ["ip", "berth-portmap"];
    const damages: [string, ...string[]][] = [
      ["a rule of chain hostports is missing", "flush", "chain", ...table, "hostports"],
      [`a rule of chain hostports-${digest} is missing`, "flush", "chain", ...table, `hostports-${digest}`],
      [`host port tcp . 80 is not in map ports-${digest}`, "flush", "map", ...table, `ports-${digest}`],
      ["table ip berth-portmap is missing", "flush", "ruleset"],
    ];
    for (const [told, ...words] of damages) {
      lab.sh(lab.host, "nft", ...words);
      expect(checkPortMap(nft, owner, WISH, ONE)).toStartWith(told);
      expect(restorePortMap(nft, owner, WISH, ONE, both(7))).toStartWith(told);
      expect(checkPortMap(nft, owner, WISH, ONE)).toBeUndefined();
      expect(ruleset(lab)).toBe(before);
    }
    lab.sh(lab.host, "nft", "flush", "chain", ...table, "hostports");
    removePortMap(nft, owner, [], alive);
    expect(conditional(lab)).toEqual([]);
  }),
);
