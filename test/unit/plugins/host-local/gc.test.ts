/** Which leases a GC releases. */
import { describe, expect, test } from "bun:test";
import { utimesSync } from "node:fs";
import { network } from "./network.ts";

describe("gc()", () => {
  test("releases what is not valid, and nothing else", () => {
    using net = network();
    for (const id of ["live", "dead"]) net.add(id);
    net.add("live", { ifname: "eth1" });
    net.write("10.1.2.50", "legacy");
    net.write("10.1.2.51", "live");
    net.write("10.1.2.52", "");
    net.write("10.1.2.53", "not a record");
    net.write("stranger", "dead\r\neth0");
    for (const name of ["10.1.2.50", "10.1.2.51"]) utimesSync(net.path(name), 1000, 1000);
    net.gc(["live/eth0"]);
    expect(net.files()).toEqual({
      "10.1.2.2": "live\r\neth0",
      "10.1.2.51": "live",
      "10.1.2.52": "",
      "10.1.2.53": "not a record",
      "last_reserved_ip.0": "10.1.2.4",
      lock: "",
      stranger: "dead\r\neth0",
    });
    expect(net.owned("dead")).toEqual([]);
    expect(net.owned("live").length).toBe(1);
  });

  test("takes the other spelling of the key, and an empty list as nobody", () => {
    using net = network();
    net.add("a");
    net.gc(undefined, { "cni.dev/attachments": [{ containerID: "a", ifname: "eth0" }] });
    expect(Object.keys(net.leases())).toEqual(["10.1.2.2"]);
    net.gc([]);
    expect(net.leases()).toEqual({});
  });

  test("touches nothing without the key or with null", () => {
    using net = network();
    net.add("a");
    net.gc(undefined);
    net.gc(null);
    expect(Object.keys(net.leases())).toEqual(["10.1.2.2"]);
  });

  test("leaves a lease whose ADD still runs, whatever its age", () => {
    using net = network();
    const running = net.begin("a");
    utimesSync(net.path("10.1.2.2"), 1000, 1000);
    net.gc([]);
    expect(Object.keys(net.leases())).toEqual(["10.1.2.2"]);
    running.release();
    net.gc([]);
    expect(net.leases()).toEqual({});
  });

  test("leaves a lease that is younger than its start", () => {
    using net = network();
    net.write("10.1.2.2", "a\r\neth0");
    const soon = Date.now() / 1000 + 100;
    utimesSync(net.path("10.1.2.2"), soon, soon);
    net.gc([]);
    expect(Object.keys(net.leases())).toEqual(["10.1.2.2"]);
  });

  test("succeeds where there is nothing, and makes nothing", () => {
    using net = network();
    net.gc([]);
    expect(net.files()).toEqual({});
  });
});
