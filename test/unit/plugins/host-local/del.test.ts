import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { refusal } from "../../../support/refusal.ts";
import { network, ownedAddresses } from "./network.ts";

describe("del()", () => {
  test("releases all addresses of the interface and no other's", () => {
    using net = network({ ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00::/64" }]] });
    net.add("a");
    net.add("a", { ifname: "eth1" });
    net.add("ab");
    net.write("10.1.2.50", "a");
    net.del("a");
    expect(net.leases()).toEqual({
      "10.1.2.3": "a\r\neth1",
      "10.1.2.4": "ab\r\neth0",
      "10.1.2.50": "a",
      "fd00::3": "a\r\neth1",
      "fd00::4": "ab\r\neth0",
    });
  });

  test("releases records without interface when there is no other", () => {
    using net = network();
    net.write("10.1.2.50", "a\n");
    net.write("10.1.2.51", "ab");
    net.del("a");
    expect(net.leases()).toEqual({ "10.1.2.51": "ab" });
  });

  test("can be repeated, and succeeds where there never was anything", () => {
    using net = network();
    net.del("a");
    expect(net.files()).toEqual({ lock: "" });
    net.add("a");
    net.del("a");
    net.del("a");
    expect(net.leases()).toEqual({});
  });

  test("needs no valid ranges, routes, arguments or resolv.conf", () => {
    using net = network();
    net.add("a");
    const broken = {
      ipam: { ranges: [[{ subnet: "nonsense" }]], subnet: 5, routes: "x", resolvConf: "/nowhere" },
      args: "=;=",
    };
    net.del("a", broken);
    expect(net.leases()).toEqual({});
  });

  test("succeeds where dataDir cannot be made", () => {
    using net = network();
    writeFileSync(net.dataDir, "");
    net.del("a");
    expect(existsSync(join(net.dataDir, "net"))).toBe(false);
  });

  test("releases although the lock file is gone or a directory", () => {
    using net = network();
    net.add("a");
    rmSync(net.path("lock"));
    mkdirSync(net.path("lock"));
    net.del("a");
    expect(net.leases()).toEqual({});
  });

  test("removes the temporary file of a killed ADD", () => {
    using net = network();
    net.add("a");
    writeFileSync(join(net.dataDir, ".berth-net"), "b\r\neth0");
    net.del("b");
    expect(existsSync(join(net.dataDir, ".berth-net"))).toBe(false);
  });
});

describe("check()", () => {
  test("finds the lease in either form", () => {
    using net = network();
    net.add("a");
    net.check("a");
    net.write("10.1.2.50", "b");
    net.check("b");
    const error = refusal(() => net.check("a", { ifname: "eth1" }));
    expect([error.code, error.message]).toEqual([999, "host-local: Failed to find address added by container a"]);
  });

  test("compares prevResult with the leases, for the addresses of its own ranges", () => {
    using net = network();
    net.add("a");
    const prevResult = (...addresses: string[]) => ({
      conf: { prevResult: { ips: addresses.map((address) => ({ address })) } },
    });
    net.check("a", prevResult("10.1.2.2/24", "192.0.2.9/24"));
    const error = refusal(() => net.check("a", prevResult("10.1.2.3/24")));
    expect(error.message).toBe("host-local: 10.1.2.3 of prevResult is not leased to container a");
    expect(error.details).toContain("10.1.2.2");
  });
});

describe("ownedLeases()", () => {
  test("tells what DEL would release, and makes nothing", () => {
    using net = network();
    expect(net.owned("a")).toEqual([]);
    expect(existsSync(net.dataDir)).toBe(false);
    net.add("a");
    net.write("10.1.2.50", "a\r\neth0");
    const found = net.owned("a", { ipam: { ranges: "broken" } });
    expect(ownedAddresses(found)).toEqual(["10.1.2.2", "10.1.2.50"]);
    expect(found.filter(({ ours }) => ours).length).toBe(1);
    net.write("10.1.2.51", "b");
    expect(ownedAddresses(net.owned("b"))).toEqual(["10.1.2.51"]);
  });
});
