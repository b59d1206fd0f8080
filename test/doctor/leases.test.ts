/** Faults of host-local's leases: each named, and mended by what doctor says. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { existsSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Attached, cures, DoctoredNode, diagnosisOf, scriptOf } from "../support/doctored.ts";
import { built, namespaces, needs } from "../support/needs.ts";

const test = needs(namespaces, built);

describe.skipIf(!namespaces.met() || !built.met())("doctor on leases", () => {
  let node: DoctoredNode;
  let one: Attached;
  const lease = (address: string) => join(node.lab.store, "net0", address);
  beforeAll(() => {
    node = new DoctoredNode();
    node.write("10-net0.conflist", node.list());
    one = node.attach(node.list(), "c1");
    node.attach(node.list(), "c2");
  });
  afterAll(() => node.close());

  test("stale: of a container of which nothing else is known", () => {
    const { findings, status } = cures(
      node,
      () => writeFileSync(lease("10.4.0.77"), "gone\r\neth0"),
      /lease of 10.4.0.77 .* gone/,
    );
    expect(findings[0]?.mend.join()).toContain("crictl ps -a");
    expect(status).toBe(0);
    expect(existsSync(lease("10.4.0.77"))).toBe(false);
  });

  test("stale: of the reference, from before the last boot", () => {
    const seed = () => {
      writeFileSync(lease("10.4.0.78"), "old\r\neth0");
      utimesSync(lease("10.4.0.78"), 1, 1);
    };
    const { findings } = cures(node, seed, /lease of 10.4.0.78/);
    expect(findings[0]?.evidence).toContain("before the last boot");
  });

  test("garbled, of nobody and of a live container", () => {
    cures(node, () => writeFileSync(lease("10.4.0.79"), ""), /lease of 10.4.0.79 in network net0 names nobody/);
    expect(existsSync(lease("10.4.0.79"))).toBe(false);
    cures(
      node,
      () => truncateSync(lease(one.address)),
      new RegExp(`lease of ${one.address} in network net0 names nobody`),
    );
    expect(readFileSync(lease(one.address), "latin1")).toBe("c1\r\neth0");
  });

  test("a live address without a lease", () => {
    cures(node, () => rmSync(lease(one.address)), new RegExp(`c1 of network net0 has ${one.address} without a lease`));
    expect(readFileSync(lease(one.address), "latin1")).toBe("c1\r\neth0");
  });

  test("a live address with another's lease", () => {
    cures(node, () => writeFileSync(lease(one.address), "other\r\neth0"), /has 10.4.0.\d+ without a lease/);
    expect(readFileSync(lease(one.address), "latin1")).toBe("c1\r\neth0");
  });

  test("a duplicate: an address that somebody has put on another container by hand", () => {
    const two = node.attach(node.list(), "c3");
    const seed = `nsenter --net=${two.netns} ip addr add ${one.address}/24 dev eth0`;
    cures(node, seed, new RegExp(`two containers have the address ${one.address}`));
    node.detach(node.list(), two);
  });

  test("a duplicate that an ADD gave, after its lease was removed: one is taken off the network", () => {
    const two = node.attach(node.list(), "c4");
    let three: Attached | undefined;
    const seed = () => {
      rmSync(lease(two.address));
      const wish = node.list({
        ipam: { ranges: [[{ subnet: "10.4.0.0/24", rangeStart: two.address, rangeEnd: two.address }]] },
      });
      three = node.attach(wish, "c5");
    };
    cures(node, seed, new RegExp(`two containers have the address ${two.address}`));
    expect(three?.address).toBe(two.address);
    if (three) node.detach(node.list(), three);
    node.detach(node.list(), two);
  });

  test("a full pool, by leases that nobody needs", () => {
    const small = node.list({ name: "small", bridge: { bridge: "ndc2" }, subnet: "10.6.0.0/29" });
    node.write("20-small.conflist", small);
    const seed = () => {
      node.sh(`mkdir -p ${node.lab.store}/small`);
      for (const last of [2, 3, 4, 5, 6])
        writeFileSync(join(node.lab.store, "small", `10.6.0.${last}`), `x${last}\r\neth0`);
    };
    const { status } = cures(node, seed, /network small has no free address/);
    expect(status).toBe(1);
  });

  test("a full pool of live containers: a warning, and only a person can help", () => {
    const list = node.list({ name: "small", bridge: { bridge: "ndc2" }, subnet: "10.6.0.0/30" });
    node.write("20-small.conflist", list);
    const only = node.attach(list, "c6");
    const { findings, status } = node.doctor();
    expect(findings.map(({ severity, what }) => `${severity}: ${what}`)).toEqual([
      "warning: network small has no free address",
    ]);
    expect(status).toBe(0);
    node.detach(list, only);
    rmSync(join(node.conf, "20-small.conflist"));
  });

  test("a dataDir that is read-only", () => {
    // In a mount namespace of its own, which `ip netns exec` makes for each call.
    const words = node.words("-o", "json").join(" ");
    const seed = `mount -t tmpfs berth ${node.lab.store}; mount -o remount,ro ${node.lab.store}`;
    const said = diagnosisOf(node.attempt(`${seed}; ${words} || true`));
    const named = said.findings.find(({ what }) => what.includes("no address can be leased in network net0"));
    expect(named?.evidence).toContain("read-only");
    const mend = named?.mend.join("\n") ?? "";
    expect(mend).toBe(`mount -o remount,rw ${node.lab.store}`);
    const after = diagnosisOf(node.attempt(`${seed}; ${mend}; ${words} || true`));
    expect(scriptOf(after)).not.toContain("remount");
  });
});
