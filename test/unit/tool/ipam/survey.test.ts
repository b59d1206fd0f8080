/** Pools and leases of a node, as files say: without a kernel. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PLUGINS } from "../../../../src/programs.ts";
import { checkPools } from "../../../../src/tool/ipam/check.ts";
import { leasesNamed } from "../../../../src/tool/ipam/named.ts";
import { type PoolView, surveyOf } from "../../../../src/tool/ipam/survey.ts";
import { readNode } from "../../../../src/tool/node/node.ts";
import type { Container } from "../../../../src/tool/runtimes/container.ts";

const dir = mkdtempSync(join(tmpdir(), "berth-ipam-"));
afterAll(() => rmSync(dir, { recursive: true }));
const [conf, cache, dataDir] = [join(dir, "net.d"), join(dir, "cni"), join(dir, "networks")];
mkdirSync(conf);
mkdirSync(join(cache, "results"), { recursive: true });

function configure(file: string, name: string, ipam: object, more: object = {}): void {
  const plugins = [{ type: "bridge", ...more, ipam: { type: "host-local", dataDir, ...ipam } }];
  writeFileSync(join(conf, file), JSON.stringify({ cniVersion: "1.0.0", name, plugins }));
}

function lease(network: string, address: string, record: string): void {
  mkdirSync(join(dataDir, network), { recursive: true });
  writeFileSync(join(dataDir, network, address), record);
}

configure("10-a.conflist", "a", { ranges: [[{ subnet: "10.1.0.0/29" }], [{ subnet: "fd01::/64" }]] });
configure("20-a-again.conflist", "a", { subnet: "10.9.0.0/24" });
configure("30-given.conflist", "given", {}, { capabilities: { ipRanges: true } });
configure("40-wrong.conflist", "wrong", { subnet: "10.1.0.7/29" });
configure("50-shared.conflist", "shared", { subnet: "10.1.0.0/24" });
writeFileSync(join(conf, "60-static.conf"), '{"name": "static", "type": "bridge", "ipam": {"type": "static"}}');

lease("a", "10.1.0.1", "gateway\r\neth0");
lease("a", "10.1.0.2", "one\r\neth0");
lease("a", "fd01::2", "one\r\neth0");
lease("a", "10.1.0.3", "default-two\r\neth0");
lease("shared", "10.1.0.2", "three\r\neth0");
lease("given", "10.5.0.2", "four\r\neth0");

const running = (id: string, more: object = {}): Container => ({
  ...{ id, name: `${id}-name`, running: true, members: [], runtime: "crictl" },
  ...more,
});
const containers = [
  running("one", { pod: { namespace: "shop", name: "web-0" }, name: "web-0", members: ["nginx"] }),
  running("three"),
  running("default-two", { running: false }),
];

const node = readNode({ conf, cache }, undefined, () => {}, { listLinks: () => [] });
const pools = surveyOf(node, undefined, containers, PLUGINS);
const pool = (name: string) => pools.find(({ pool }) => pool.network === name) as PoolView;

describe("surveyOf()", () => {
  test("has each network with IPAM host-local once, by its first file", () => {
    expect(pools.map(({ pool }) => [pool.network, pool.file?.slice(conf.length + 1)])).toEqual([
      ["a", "10-a.conflist"],
      ["given", "30-given.conflist"],
      ["shared", "50-shared.conflist"],
      ["wrong", "40-wrong.conflist"],
    ]);
  });

  test("counts what of each range set is leased, but for the gateway", () => {
    const [v4, v6] = pool("a").ranges;
    expect(v4).toEqual({ range: "10.1.0.1-10.1.0.6", used: 2, total: 5, free: 3, stale: 0 });
    expect(v6).toMatchObject({ used: 1, stale: 0 });
    expect(v6?.free).toBeGreaterThan(1e18);
  });

  test("takes for live what its runtime says to run, and else nothing of the reference's", () => {
    const states = pool("a").leases.map(({ lease, state, because }) => [lease.address, state, because]);
    expect(states).toEqual([
      ["10.1.0.1", "reference", undefined],
      ["10.1.0.2", "live", "crictl says that it runs"],
      ["10.1.0.3", "reference", undefined],
      ["fd01::2", "live", "crictl says that it runs"],
    ]);
  });

  test("knows ranges that come with containers, and says why others are none", () => {
    expect(pool("given")).toMatchObject({ ranges: [], pool: { wrong: undefined } });
    expect(pool("given").leases.map(({ set }) => set)).toEqual([undefined]);
    expect(pool("wrong").pool.wrong).toContain("Network has host bits set");
  });
});

describe("leasesNamed()", () => {
  const named = (word: string) => leasesNamed(pool("a").leases, word).map(({ lease }) => lease.address);

  test("finds by address, id, the beginning of an id, pod, and the names of containers", () => {
    for (const word of ["one", "web-0", "shop/web-0", "nginx"])
      expect([word, named(word)]).toEqual([word, ["10.1.0.2", "fd01::2"]]);
    expect(named("default-two-name")).toEqual(["10.1.0.3"]);
    expect(named("fd01::2")).toEqual(["fd01::2"]);
    expect(named("defa")).toEqual(["10.1.0.3"]);
  });

  test("does not guess by less than four characters", () => {
    expect([named("def"), named("shop"), named("")]).toEqual([[], [], []]);
  });
});

describe("checkPools()", () => {
  const whats = (least: number) => checkPools(pools, least, () => []).map(({ severity, what }) => [severity, what]);
  const WRONG = ["error", "network wrong has no usable ranges"];
  const SHARED = ["warning", "10.1.0.2 is leased to living containers of network a and network shared"];

  test("finds ranges that an ADD refuses, and an address that two networks have given", () => {
    expect(whats(0)).toEqual([WRONG, SHARED]);
  });

  test("finds what has fewer free addresses than are asked for", () => {
    expect(whats(4)).toEqual([
      ["warning", "range 10.1.0.1-10.1.0.6 of network a has 3 of 5 addresses left"],
      WRONG,
      SHARED,
    ]);
  });
});
