/** What is on a node: its files, joined by owner. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Link } from "../../../../src/rtnl/read-link.ts";
import { readConfFiles } from "../../../../src/tool/node/networks.ts";
import { readNode } from "../../../../src/tool/node/node.ts";

const dir = mkdtempSync(join(tmpdir(), "berth-node-"));
afterAll(() => rmSync(dir, { recursive: true }));
const [conf, cache, dataDir] = [join(dir, "net.d"), join(dir, "cni"), join(dir, "networks")];

const LIST = { cniVersion: "1.0.0", name: "a", plugins: [{ type: "bridge", ipam: { type: "host-local", dataDir } }] };

mkdirSync(conf);
mkdirSync(join(cache, "results"), { recursive: true });
mkdirSync(join(dataDir, "a"), { recursive: true });
writeFileSync(join(conf, "10-a.conflist"), JSON.stringify(LIST));
writeFileSync(join(conf, "20-b.conf"), '{"name": "b", "type": "loopback"}');
writeFileSync(join(conf, "30-broken.conflist"), '{"name": "c", }');
writeFileSync(join(conf, "40-none.json"), '{"name": "d"}');
writeFileSync(join(conf, "notes.txt"), "");
writeFileSync(join(dataDir, "a", "10.0.0.2"), "one\r\neth0");
writeFileSync(join(dataDir, "a", "10.0.0.3"), "two\r\neth0");
writeFileSync(join(dataDir, "a", "10.0.0.4"), "");
writeFileSync(join(dataDir, "a", "last_reserved_ip.0"), "10.0.0.4");
writeFileSync(join(dataDir, "a", "lock"), "");

function remember(id: string, keys: object): void {
  const entry = {
    kind: "cniCacheV1",
    containerId: id,
    config: Buffer.from(JSON.stringify(LIST)).toString("base64"),
    ifName: "eth0",
    networkName: "a",
    result: { cniVersion: "1.0.0" },
    ...keys,
  };
  writeFileSync(join(cache, "results", `a-${id}-eth0`), JSON.stringify(entry));
}
remember("one", {
  netns: "/proc/self/ns/net",
  cniArgs: [
    ["K8S_POD_NAMESPACE", "ns"],
    ["K8S_POD_NAME", "web-0"],
  ],
});
remember("two", { netns: join(dir, "gone") });
writeFileSync(join(cache, "results", "a-three-eth0"), "");

const link = { name: "veth1", alias: "berth:a/four/eth0" } as Link;
const warnings: string[] = [];
const node = readNode({ conf, cache }, undefined, (line) => warnings.push(line), { listLinks: () => [link] });

describe("readConfFiles()", () => {
  test("gives the files that runtimes look at, and says what is wrong with one", () => {
    expect(readlinkSync("/proc/self/ns/net")).toStartWith("net:");
    const files = readConfFiles(conf).map(({ path, network, wrong }) => [
      path.slice(conf.length + 1),
      network?.name,
      wrong,
    ]);
    expect(files).toEqual([
      ["10-a.conflist", "a", undefined],
      ["20-b.conf", "b", undefined],
      ["30-broken.conflist", undefined, expect.stringContaining("JSON")],
      ["40-none.json", undefined, expect.stringContaining('"plugins" is missing')],
    ]);
    expect(readConfFiles(join(dir, "none"))).toEqual([]);
  });
});

describe("readNode()", () => {
  test("reads leases, also one that names nobody, and passes over a broken cache entry", () => {
    expect(node.leases.map(({ address, holder }) => [address, holder])).toEqual([
      ["10.0.0.2", { id: "one", ifname: "eth0" }],
      ["10.0.0.3", { id: "two", ifname: "eth0" }],
      ["10.0.0.4", undefined],
    ]);
    expect(warnings).toEqual([expect.stringMatching(/results\/a-three-eth0 is passed over: /)]);
  });

  test("joins by owner, and knows who lives", () => {
    const seen = node.attachments.map(({ owner, life, pod, leases, link }) => [
      owner.containerId,
      life.is,
      pod?.name,
      leases.length,
      link?.name,
    ]);
    expect(seen).toEqual([
      ["four", "alive", undefined, 0, "veth1"],
      ["one", "alive", "web-0", 1, undefined],
      ["two", "gone", undefined, 1, undefined],
    ]);
  });

  test("of one network", () => {
    expect(readNode({ conf, cache }, "b", () => undefined, { listLinks: () => [link] }).attachments).toEqual([]);
  });
});
