/** The maps of mapped ports, looked at with nft. */
import { expect } from "bun:test";
import { addPortMap, gcPortMap, removePortMap } from "../../../src/features/port-map/nft.ts";
import { checkPortMap } from "../../../src/features/port-map/nft-check.ts";
import { restorePortMap } from "../../../src/features/port-map/nft-restore.ts";
import { inLab } from "../../support/lab.ts";
import { DUAL, other, owner, prefixes } from "../../support/masquerade.ts";
import { namespaces, needs, nftables } from "../../support/needs.ts";
import { batchesOf, interrupted, nftClient, ruleset } from "../../support/nft.ts";
import { links, portMapElements, tcp, wish } from "../../support/port-map.ts";

const needsNft = needs(namespaces, nftables);
const OTHERS = prefixes("10.1.2.4/24", "fd00::4/64");
const alive = () => true;

const WISH = wish(tcp(8080, 80), tcp(8443, 443, "192.0.2.1"), { ...tcp(53, 54), protocol: "udp" });

needsNft(
  "addPortMap() makes one element a mapping, which checkPortMap() finds and removePortMap() removes",
  inLab((lab) => {
    const nft = nftClient(lab);
    expect(addPortMap(nft, owner, WISH, DUAL, links(7))).toEqual([]);
    expect(portMapElements(lab, "ports", "addresses", "waiting")).toEqual([
      "ip addresses: 192.0.2.1 . tcp . 8443 → 10.1.2.3 . 443 (one)",
      "ip ports: tcp . 8080 → 10.1.2.3 . 80 (one)",
      "ip ports: udp . 53 → 10.1.2.3 . 54 (one)",
      "ip6 ports: tcp . 8080 → fd00::3 . 80 (one)",
      "ip6 ports: udp . 53 → fd00::3 . 54 (one)",
    ]);
    expect(portMapElements(lab, "sources-24", "sources-32", "sources-64")).toEqual([
      "ip sources-24: 10.1.2.0 . 10.1.2.3",
      "ip sources-32: 127.0.0.1 . 10.1.2.3",
      "ip6 sources-64: fd00:: . fd00::3",
    ]);
    expect(checkPortMap(nft, owner, WISH, DUAL)).toBeUndefined();
    const twin = lab.container();
    lab.sh(twin, "nft", ruleset(lab));
    expect(ruleset(lab, twin)).toBe(ruleset(lab));
    expect(removePortMap(nft, owner, WISH.mappings, alive)).toHaveLength(5);
    expect(portMapElements(lab)).toEqual(["ip localnet: lab0"]);
    expect(removePortMap(nft, owner, WISH.mappings, alive)).toEqual([]);
    expect(checkPortMap(nft, owner, WISH, DUAL)).toMatch(/^host port tcp \. 8080 is not in map ports /);
  }),
);

needsNft(
  "what is there does not grow with the containers but by their elements, and one transaction does it",
  inLab((lab) => {
    const { client, batches } = batchesOf(lab);
    addPortMap(client, owner, WISH, DUAL, links(7));
    const [rules, chains] = ["rule", "chain"].map((kind) => lab.nftj(lab.host).filter((row) => row[kind]).length);
    addPortMap(client, other, wish(tcp(81, 80)), OTHERS, links(8));
    expect(lab.nftj(lab.host).filter((row) => row.rule)).toHaveLength(rules ?? 0);
    expect(lab.nftj(lab.host).filter((row) => row.chain)).toHaveLength(chains ?? 0);
    expect(batches).toHaveLength(2);
    expect(new Set(batches[1])).toEqual(new Set(["NEWSETELEM"]));
    removePortMap(client, other, [], alive);
    removePortMap(client, owner, WISH.mappings, alive);
    expect(batches).toHaveLength(4);
    expect(portMapElements(lab)).toEqual(["ip localnet: lab0"]);
  }),
);

needsNft(
  "the newest has a port; a living one that had it waits and gets it back",
  inLab((lab) => {
    const nft = nftClient(lab);
    const third = { ...owner, containerId: "three" };
    const one = prefixes("10.1.2.3/24");
    addPortMap(nft, owner, wish(tcp(80, 1), tcp(81, 1)), one, links(7));
    const displaced = addPortMap(nft, other, wish(tcp(80, 2)), prefixes("10.1.2.4/24"), links(8, 8, [7, 8]));
    expect(displaced.map(({ comment }) => comment)).toEqual([expect.stringContaining("id: one")]);
    addPortMap(nft, third, wish(tcp(80, 3)), prefixes("10.1.2.5/24"), links(9, 9, [7, 8, 9]));
    expect(portMapElements(lab, "ports", "waiting")).toEqual([
      "ip ports: tcp . 80 → 10.1.2.5 . 3 (three)",
      "ip ports: tcp . 81 → 10.1.2.3 . 1 (one)",
      "ip waiting: 0.0.0.0 . tcp . 80 . 10.1.2.3 . 1",
      "ip waiting: 0.0.0.0 . tcp . 80 . 10.1.2.4 . 2",
    ]);
    expect(checkPortMap(nft, owner, wish(tcp(80, 1)), one)).toMatch(
      /^host port tcp \. 80 has gone to another: .*id: three .*; it comes back when that one goes$/,
    );
    removePortMap(nft, third, [tcp(80, 3)], alive);
    expect(portMapElements(lab, "ports")).toContain("ip ports: tcp . 80 → 10.1.2.4 . 2 (two)");
    removePortMap(nft, owner, [], alive);
    expect(portMapElements(lab, "ports", "waiting")).toEqual(["ip ports: tcp . 80 → 10.1.2.4 . 2 (two)"]);
    removePortMap(nft, other, [], alive);
    expect(portMapElements(lab, "ports", "waiting", "holders", "sources-24", "sources-32")).toEqual([]);
  }),
);

needsNft(
  "a dead one waits for nothing, and what waits dead gets nothing",
  inLab((lab) => {
    const nft = nftClient(lab);
    const [one, two] = [prefixes("10.1.2.3/24"), prefixes("10.1.2.4/24")];
    addPortMap(nft, owner, wish(tcp(80, 1), tcp(81, 1)), one, links(7));
    expect(addPortMap(nft, other, wish(tcp(80, 2)), two, links(8, 8, [8]))).toEqual([]);
    expect(portMapElements(lab, "ports", "waiting")).toEqual([
      "ip ports: tcp . 80 → 10.1.2.4 . 2 (two)",
      "ip ports: tcp . 81 → 10.1.2.3 . 1 (one)",
    ]);
    addPortMap(nft, owner, wish(tcp(80, 1)), one, links(9, 9, [8, 9]));
    expect(portMapElements(lab, "ports", "waiting")).toEqual([
      "ip ports: tcp . 80 → 10.1.2.3 . 1 (one)",
      "ip waiting: 0.0.0.0 . tcp . 80 . 10.1.2.4 . 2",
    ]);
    removePortMap(nft, owner, [tcp(80, 1)], (link) => link !== 8);
    expect(portMapElements(lab, "ports", "waiting")).toEqual([]);
  }),
);

needsNft(
  "interfaces of one container have mappings of their own, and a repeated ADD changes nothing",
  inLab((lab) => {
    const nft = nftClient(lab);
    const second = { ...owner, ifname: "eth1" };
    addPortMap(nft, owner, wish(tcp(80, 1)), DUAL, links(7));
    addPortMap(nft, second, wish(tcp(81, 1)), OTHERS, links(8));
    const before = portMapElements(lab);
    expect(addPortMap(nft, owner, wish(tcp(80, 1)), DUAL, links(7))).toEqual([]);
    expect(portMapElements(lab)).toEqual(before);
    removePortMap(nft, second, [tcp(81, 1)], alive);
    expect(portMapElements(lab, "ports")).toEqual([
      "ip ports: tcp . 80 → 10.1.2.3 . 1 (one)",
      "ip6 ports: tcp . 80 → fd00::3 . 1 (one)",
    ]);
  }),
);

needsNft(
  "gcPortMap() removes what belongs to nobody alive, of its network only",
  inLab((lab) => {
    const nft = nftClient(lab);
    const foreign = { ...owner, network: "another" };
    addPortMap(nft, owner, wish(tcp(80, 1)), DUAL, links(7));
    addPortMap(nft, other, wish(tcp(81, 1)), OTHERS, links(8));
    addPortMap(nft, foreign, wish(tcp(82, 1)), prefixes("10.9.9.9/24"), links(9));
    gcPortMap(nft, owner.network, () => [other], alive);
    expect(portMapElements(lab, "ports")).toEqual([
      "ip ports: tcp . 81 → 10.1.2.4 . 1 (two)",
      "ip ports: tcp . 82 → 10.9.9.9 . 1 (one)",
      "ip6 ports: tcp . 81 → fd00::4 . 1 (two)",
    ]);
    expect(portMapElements(lab, "holders")).toHaveLength(3);
    gcPortMap(nft, owner.network, () => [], alive);
    gcPortMap(nft, "another", () => [], alive);
    expect(portMapElements(lab)).toEqual(["ip localnet: lab0"]);
  }),
);

needsNft(
  "of two first ones at once neither makes a rule twice",
  inLab((lab) => {
    const nft = nftClient(lab);
    const late = interrupted(lab, 1, () => addPortMap(nft, other, wish(tcp(80, 2)), OTHERS, links(8)));
    const displaced = addPortMap(late, owner, wish(tcp(80, 1)), DUAL, links(9, 9, [8, 9]));
    expect(displaced).toHaveLength(2);
    const twin = lab.container();
    lab.within(twin, () => {});
    expect(checkPortMap(nft, owner, wish(tcp(80, 1)), DUAL)).toBeUndefined();
    expect(lab.nftj(lab.host).filter(({ rule }) => rule)).toHaveLength(5 + 2 + 4 + 1);
  }),
);

needsNft(
  "a removal does not take what a newer one has been given meanwhile",
  inLab((lab) => {
    const nft = nftClient(lab);
    addPortMap(nft, owner, wish(tcp(80, 1)), DUAL, links(7));
    const late = interrupted(lab, 1, () => addPortMap(nft, other, wish(tcp(80, 2)), OTHERS, links(8, 8, [7, 8])));
    removePortMap(late, owner, [tcp(80, 1)], alive);
    expect(portMapElements(lab, "ports", "waiting")).toEqual([
      "ip ports: tcp . 80 → 10.1.2.4 . 2 (two)",
      "ip6 ports: tcp . 80 → fd00::4 . 2 (two)",
    ]);
  }),
);

needsNft(
  "restorePortMap() puts back what a flush took, whichever, and nobody's port with it",
  inLab((lab) => {
    const nft = nftClient(lab);
    addPortMap(nft, owner, WISH, DUAL, links(7));
    addPortMap(nft, other, wish(tcp(8080, 2)), OTHERS, links(8, 8, [7, 8]));
    const before = portMapElements(lab);
    const rules = ruleset(lab);
    expect(restorePortMap(nft, owner, WISH, DUAL, links(7, 7, [7, 8]))).toBeUndefined();
    expect(ruleset(lab)).toBe(rules);
    lab.sh(lab.host, "nft", "flush", "chain", "ip", "berth-portmap", "postrouting");
    lab.sh(lab.host, "nft", "flush", "chain", "ip", "berth-portmap", "hostports");
    lab.sh(lab.host, "nft", "delete", "element", "ip", "berth-portmap", "ports", "{ udp . 53 }");
    expect(restorePortMap(nft, owner, WISH, DUAL, links(7, 7, [7, 8]))).toMatch(
      /^a rule of chain hostports is missing /,
    );
    expect(ruleset(lab)).toBe(rules);
    lab.sh(lab.host, "nft", "flush", "ruleset");
    expect(restorePortMap(nft, owner, WISH, DUAL, links(7, 7, [7, 8]))).toMatch(/^table ip berth-portmap is missing /);
    restorePortMap(nft, other, wish(tcp(8080, 2)), OTHERS, links(8, 8, [7, 8]));
    expect(portMapElements(lab, "ports")).toContain("ip ports: tcp . 8080 → 10.1.2.3 . 80 (one)");
    expect(portMapElements(lab, "holders")).toHaveLength(before.filter((line) => line.includes("holders")).length);
  }),
);
