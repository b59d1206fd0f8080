import { expect } from "bun:test";
import { EBUSY, EEXIST, ERESTART } from "../../../src/base/errno.ts";
import { Batch } from "../../../src/nft/batch.ts";
import { attempt, attemptAt, run } from "../../../src/nft/client.ts";
import { concatenated, portBytes } from "../../../src/nft/concat.ts";
import { findGeneration } from "../../../src/nft/find-generation.ts";
import { getElements, listElements, listSets } from "../../../src/nft/find-set.ts";
import { inLab } from "../../support/lab.ts";
import { namespaces, needs, nftables } from "../../support/needs.ts";
import { ip, nftClient } from "../../support/nft.ts";
import { TRANSLATIONS } from "../../support/nft-maps.ts";

const needsNft = needs(namespaces, nftables);

const MAP = {
  kind: "set",
  name: "m",
  type: ["ipv4_addr", "inet_proto", "inet_service"],
  data: ["ipv4_addr", "inet_service"],
} as const;
const keyOf = (protocol: number, port: number) =>
  concatenated(ip("10.1.2.3"), Uint8Array.of(protocol), portBytes(port));
const dataOf = (port: number) => concatenated(ip("10.1.2.3"), portBytes(port));

needsNft(
  "find functions read maps that nft has made",
  inLab((lab) => {
    lab.sh(lab.host, "nft", TRANSLATIONS);
    const nft = nftClient(lab);
    const [map, wild] = listSets(nft, "ip", "maps");
    expect(map).toEqual(MAP);
    expect(wild).toMatchObject({ name: "wild", type: ["inet_proto", "inet_service"], comment: "of any address" });
    const who = { key: keyOf(6, 8080), data: dataOf(80), comment: "who" };
    const other = { key: keyOf(17, 53), data: dataOf(54) };
    expect(listElements(nft, "ip", "maps", MAP)).toHaveLength(2);
    expect(getElements(nft, "ip", "maps", MAP, [keyOf(6, 8080), keyOf(6, 81), keyOf(17, 53)])).toEqual([
      expect.objectContaining(who),
      undefined,
      expect.objectContaining(other),
    ]);
  }),
);

needsNft(
  "create refuses elements of a map of which one is there, with other data too",
  inLab((lab) => {
    lab.sh(lab.host, "nft", TRANSLATIONS);
    const nft = nftClient(lab);
    const fresh = { key: keyOf(6, 9), data: dataOf(9) };
    const of = (data: Uint8Array) =>
      new Batch("ip", "maps").create({
        kind: "elements",
        set: MAP,
        elements: [fresh, { key: keyOf(6, 8080), data }],
      });
    expect(attempt(nft, of(dataOf(80))).map(({ error }) => error.errno)).toEqual([EEXIST]);
    expect([EEXIST, EBUSY]).toContain(attempt(nft, of(dataOf(81)))[0]?.error.errno ?? 0);
    expect(getElements(nft, "ip", "maps", MAP, [fresh.key])).toEqual([undefined]);
  }),
);

needsNft(
  "attemptAt() does nothing where the ruleset has changed since",
  inLab((lab) => {
    const nft = nftClient(lab);
    const table = new Batch("ip", "t").create({ kind: "table" });
    const before = findGeneration(nft);
    expect(attemptAt(nft, before, table)).toEqual([]);
    expect(findGeneration(nft)).toBe(before + 1);
    const [failure, ...more] = attemptAt(nft, before, new Batch("ip", "t").delete({ kind: "table" }));
    expect([failure?.command, failure?.error.errno, more]).toEqual([undefined, ERESTART, []]);
    run(nft, new Batch("ip", "t").delete({ kind: "table" }));
  }),
);
