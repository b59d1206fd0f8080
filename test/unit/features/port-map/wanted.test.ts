/** What a wish is in maps and sets, and what is written about who has it. */
import { expect, test } from "bun:test";
import { digestOfMap } from "../../../../src/features/port-map/nft-conditions.ts";
import { holderComment, holderKey, holderOf, tagOfKey } from "../../../../src/features/port-map/nft-holder.ts";
import { entryOfWaiting, slotsOf, waitingOf, wantedOf } from "../../../../src/features/port-map/nft-wanted.ts";
import { keyText } from "../../../../src/nft/text.ts";
import { DUAL, owner, prefixes, TAG } from "../../../support/masquerade.ts";
import { tcp, under, wish } from "../../../support/port-map.ts";

const texts = (entries: readonly { set: { name: string; type: unknown }; key: Uint8Array }[]) =>
  entries.map(({ set, key }) => `${set.name} ${keyText(set.type as never, key)}`);

test("wantedOf() leaves out mappings of other families, and the second of two for one port", () => {
  const all = wish(tcp(80, 1), tcp(80, 2), tcp(80, 3, "192.0.2.1"), tcp(81, 4, "::"), tcp(82, 5, "0.0.0.0"));
  const [v4, v6, ...more] = wantedOf(all, DUAL);
  expect(more).toEqual([]);
  expect(texts(v4?.entries ?? [])).toEqual(["ports tcp . 80", "addresses 192.0.2.1 . tcp . 80", "ports tcp . 82"]);
  expect(texts(v6?.entries ?? [])).toEqual(["ports tcp . 80", "ports tcp . 81"]);
  expect(texts(slotsOf("ip", all.mappings))).toEqual(texts(v4?.entries ?? []));
  expect(wantedOf(wish(tcp(80, 1, "::1")), prefixes("10.1.2.3/24"))).toEqual([]);
});

test("wantedOf() has the container's subnet and 127.0.0.1 for sources, with masqAll all, without snat none", () => {
  const lengths = (over: object) =>
    wantedOf({ ...wish(tcp(80, 1)), ...over }, DUAL).map(({ sources }) => sources.map(({ length }) => length));
  expect(lengths({})).toEqual([[24, 32], [64]]);
  expect(lengths({ masqAll: true })).toEqual([[0], [0]]);
  expect(lengths({ snat: false, masqAll: true })).toEqual([[], []]);
});

test("where a mapping waits is its slot and target in one", () => {
  const plain = wish(tcp(80, 1), tcp(81, 2, "192.0.2.1"), tcp(82, 3, "2001:db8::1"));
  for (const all of [plain, under("ip saddr 10.0.0.0/8", plain)]) {
    for (const { family, entries } of wantedOf(all, DUAL)) {
      for (const entry of entries) expect(entryOfWaiting(family, waitingOf(family, entry))).toEqual(entry);
    }
  }
});

test("mappings under a condition are in maps of their own, of that family", () => {
  const all = under("tcp sport 1-1023", wish(tcp(80, 1), tcp(81, 2, "192.0.2.1")));
  const [v4, v6] = wantedOf(all, DUAL);
  const digest = v4?.condition?.digest ?? "";
  expect(digest).toMatch(/^[0-9a-f]{12}$/);
  const own = texts(v4?.entries ?? []);
  expect(own).toEqual([`ports-${digest} tcp . 80`, `addresses-${digest} 192.0.2.1 . tcp . 81`]);
  expect(texts(slotsOf("ip", all.mappings, digest))).toEqual(own);
  expect([v6?.condition, texts(v6?.entries ?? [])]).toEqual([undefined, ["ports tcp . 80"]]);
  expect(digestOfMap({ name: `waiting-${digest}` })).toBe(digest);
  expect(["ports", "sources-24", "holders", "localnet"].map((name) => digestOfMap({ name }))).toEqual(
    Array(4).fill(undefined),
  );
});

test("a holder's key is its tag in nft's words, its comment what is known of it", () => {
  const key = holderKey(TAG);
  expect(tagOfKey(key)).toBe(TAG);
  expect(keyText(["mark", "mark", "mark", "mark"], key)).toBe("0x6fd94d50 . 0x1e58f0aa . 0x287fc69e . 0xff0574a2");
  const facts = { count: 3, link: 17, since: 12.34 };
  const condition = "0123456789ab";
  const more = [{ guarded: "veth0" }, { condition }, { guarded: "veth0", condition }];
  for (const holder of [facts, ...more.map((one) => ({ ...facts, ...one }))]) {
    expect(holderOf({ comment: holderComment(holder, owner) })).toEqual(holder);
  }
  expect(holderComment(facts, { ...owner, containerId: "c".repeat(64) })).toContain(`id: ${"c".repeat(40)}`);
  expect(holderOf({ comment: "of somebody else" })).toEqual({ count: -1, link: 0, since: 0 });
});
