import { describe, expect, test } from "bun:test";
import { formatMac } from "../../../../src/base/mac.ts";
import { encodeUtf8 } from "../../../../src/base/utf8.ts";
import { bridgeMac, isBridgeMac } from "../../../../src/plugins/bridge/bridge-mac.ts";
import { aliasOf, aliasPrefix, hostVethName, portMac, randomMac, randomVethName } from "../../../../src/veth/names.ts";

const owner = { network: "net", containerId: "c1", ifname: "eth0" };

describe("aliasOf()", () => {
  test("names network, container and interface", () => expect(aliasOf(owner)).toBe("berth:net/c1/eth0"));

  test("begins with the network's prefix, which no other network's has", () => {
    expect(aliasOf(owner)).toStartWith(aliasPrefix("net"));
    expect(aliasOf({ ...owner, network: "net2" })).not.toStartWith(aliasPrefix("net"));
  });

  test("tells long names apart, and their containers", () => {
    const networks = [`${"n".repeat(200)}a`, `${"n".repeat(200)}b`];
    const owners = networks.flatMap((network) =>
      ["a", "b"].map((last) => ({ network, containerId: "c".repeat(63) + last, ifname: "a-long-name.100" })),
    );
    expect(new Set(owners.map(aliasOf)).size).toBe(4);
    for (const one of owners) {
      const begun = networks.filter((network) => aliasOf(one).startsWith(aliasPrefix(network)));
      expect(begun).toEqual([one.network]);
    }
  });

  test("holds at most the 254 bytes that the kernel takes, cut at the end", () => {
    const long = aliasOf({ ...owner, containerId: "c".repeat(300) });
    expect(encodeUtf8(long)).toHaveLength(254);
    expect(long).toBe(`berth:net/${"c".repeat(244)}`);
    expect(encodeUtf8(aliasOf({ ...owner, containerId: "c".repeat(239) }))).toHaveLength(254);
    expect(aliasOf({ ...owner, containerId: "c".repeat(239) })).toEndWith("/eth0");
  });
});

describe("hostVethName()", () => {
  test("is the same in every version: a DEL finds what an older ADD made", () => {
    expect(hostVethName(owner)).toBe("veth1fadeca3");
  });

  test("has the reference's form, which fits into IFNAMSIZ", () => {
    for (let i = 0; i < 500; i++) expect(hostVethName({ ...owner, containerId: `c${i}` })).toMatch(/^veth[0-9a-f]{8}$/);
  });

  test("differs by network, container and interface", () => {
    const names = [
      owner,
      { ...owner, network: "n" },
      { ...owner, containerId: "c2" },
      { ...owner, ifname: "eth1" },
    ].map(hostVethName);
    expect(new Set(names).size).toBe(4);
  });
});

test("randomMac() is unicast, locally administered, and another each time", () => {
  const macs = Array.from({ length: 200 }, randomMac);
  for (const mac of macs) {
    expect(mac).toHaveLength(6);
    expect((mac[0] ?? 0) & 3).toBe(2);
  }
  expect(new Set(macs.map(formatMac)).size).toBe(200);
});

test("bridgeMac() is such a one too, known as the bridge's own and as no other's", () => {
  const macs = Array.from({ length: 200 }, () => bridgeMac("br0"));
  for (const mac of macs) {
    expect((mac[0] ?? 0) & 3).toBe(2);
    expect([isBridgeMac("br0", mac), isBridgeMac("br1", mac), isBridgeMac("br0", randomMac())]).toEqual([
      true,
      false,
      false,
    ]);
  }
  // 22 bits are chance, the rest follows from them: two of 200 are the same once in 200 times.
  expect(new Set(macs.map(formatMac)).size).toBeGreaterThan(195);
});

test("portMac() is above the vendors' addresses, unicast, locally administered, and another each time", () => {
  const macs = Array.from({ length: 200 }, portMac);
  for (const mac of macs) expect([mac.length, mac[0]]).toEqual([6, 0xfe]);
  expect(new Set(macs.map(formatMac)).size).toBe(200);
});

test("randomVethName() has the form of the owner's own name", () => {
  const names = Array.from({ length: 200 }, randomVethName);
  for (const name of names) expect(name).toMatch(/^veth[0-9a-f]{8}$/);
  expect(new Set(names).size).toBe(200);
});
