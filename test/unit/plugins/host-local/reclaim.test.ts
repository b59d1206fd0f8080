import { describe, expect, test } from "bun:test";
import { utimesSync } from "node:fs";
import { readHere } from "../../../../src/plugins/host-local/life.ts";
import * as sys from "../../../../src/sys/bun/sys.ts";
import { refusal } from "../../../support/refusal.ts";
import { type Network, network } from "./network.ts";

const FULL = { ranges: [[{ subnet: "10.1.2.0/29" }]] };
const EARLIER_BOOT = "v1 b=000000000000 n=1 t=5 h=veth0 i=7 c=9";

/** An attribute of this boot, `age` seconds old. */
function ofThisBoot(veth: string, index: number, age: number, sandbox = "9"): string {
  const { boot, host } = readHere();
  return `v1 b=${boot} n=${host} t=${Math.max(0, Math.floor(sys.boottime() - age))} h=${veth} i=${index} c=${sandbox}`;
}

/** Fills 10.1.2.2 to .6, all leased to "x2" … "x6"; the attributes by last digit. */
function fill(net: Network, attributes: Record<number, string> = {}): void {
  for (let i = 2; i <= 6; i++) {
    net.write(`10.1.2.${i}`, `x${i}\r\neth0`);
    const attribute = attributes[i];
    if (attribute !== undefined) net.setAttribute(`10.1.2.${i}`, attribute);
  }
}

const lo = () => 1;
const hasCookie = readHere().host !== undefined;
/** A lease of a vanished link counts after ten minutes of uptime only. */
const testOld = test.skipIf(!hasCookie || sys.boottime() < 700);
const testCookie = test.skipIf(!hasCookie);

describe("add() in a full range", () => {
  test("takes nothing from leases of which nothing is known", () => {
    using net = network(FULL);
    fill(net, { 3: "v2 b=000000000000 t=5", 4: "garbage" });
    const before = net.files();
    const error = refusal(() => net.add("a"));
    expect(error.details).toContain("5 of 5 addresses are leased, 0 look stale");
    expect(net.leases()).toEqual({ ...before });
    expect(net.warnings).toEqual([]);
  });

  test("reclaims a lease of an earlier boot, the oldest first and one at a time, and says so", () => {
    using net = network(FULL);
    fill(net, { 3: EARLIER_BOOT, 5: EARLIER_BOOT });
    utimesSync(net.path("10.1.2.5"), 1000, 1000);
    expect(net.add("a")).toEqual(["10.1.2.5/29"]);
    expect(net.leases()).toMatchObject({ "10.1.2.3": "x3\r\neth0", "10.1.2.5": "a\r\neth0" });
    expect(net.warnings).toEqual([
      "network net is full: reclaimed 10.1.2.5 of x5 eth0, because it was made before the last boot",
    ]);
    expect(net.add("b")).toEqual(["10.1.2.3/29"]);
    expect(refusal(() => net.add("c")).message).toContain("no IP addresses available");
    expect(net.owned("x5")).toEqual([]);
    expect(net.owned("a").length).toBe(1);
  });

  test("touches none while an address is free", () => {
    using net = network(FULL);
    fill(net, Object.fromEntries([2, 3, 5, 6].map((i) => [i, EARLIER_BOOT])));
    net.del("x4");
    expect(net.add("a")).toEqual(["10.1.2.4/29"]);
    expect(net.warnings).toEqual([]);
  });

  testOld("reclaims one of this boot whose link is gone for ten minutes", () => {
    using net = network(FULL);
    fill(net, { 4: ofThisBoot("nosuchveth", 77777, 640) });
    expect(net.add("a")).toEqual(["10.1.2.4/29"]);
    expect(net.warnings[0]).toContain("its host interface nosuchveth no longer exists");
  });

  testOld("knows the link by its index: another of its name is not it, and renamed it is still there", () => {
    using net = network(FULL);
    const renamed = ofThisBoot("nosuchveth", lo(), 640);
    fill(net, { 3: renamed, 4: ofThisBoot("lo", lo(), 640), 5: ofThisBoot("lo", 77777, 640) });
    expect(net.add("a")).toEqual(["10.1.2.5/29"]);
    expect(refusal(() => net.add("b")).message).toContain("no IP addresses available");
  });

  testCookie("waits for ten minutes, but counts it as stale", () => {
    using net = network(FULL);
    fill(net, { 4: ofThisBoot("nosuchveth", 77777, 590) });
    expect(refusal(() => net.add("a")).details).toContain("5 of 5 addresses are leased, 1 look stale");
  });

  testOld("does not go by an index that no link can have", () => {
    using net = network(FULL);
    fill(
      net,
      Object.fromEntries([999999999999, 7.5, 0].map((index, i) => [i + 3, ofThisBoot("nosuchveth", index, 640)])),
    );
    expect(refusal(() => net.add("a")).details).toContain("5 of 5 addresses are leased, 0 look stale");
  });

  testOld("judges only links of its own namespace", () => {
    using net = network(FULL);
    const elsewhere = ofThisBoot("nosuchveth", 77777, 640).replace(/n=\d+/, "n=999999");
    fill(net, { 4: elsewhere, 5: elsewhere.replace(/ n=\d+/, ""), 6: elsewhere.replace(/ h=.*/, "") });
    expect(refusal(() => net.add("a")).details).toContain("0 look stale");
  });

  test("uses files that name nobody last of all", () => {
    using net = network(FULL);
    fill(net, { 5: EARLIER_BOOT });
    net.write("10.1.2.3", "");
    net.write("10.1.2.4", "reserved for the printer\n");
    utimesSync(net.path("10.1.2.4"), 1000, 1000);
    expect(["a", "b", "c"].flatMap((id) => net.add(id))).toEqual(["10.1.2.5/29", "10.1.2.4/29", "10.1.2.3/29"]);
    expect(net.warnings[1]).toContain("10.1.2.4 of nobody, because its file names no owner");
    expect(refusal(() => net.add("d")).message).toContain("no IP addresses available");
  });

  test("does not take a lease in the form without interface", () => {
    using net = network(FULL);
    fill(net);
    net.write("10.1.2.4", "legacy");
    expect(refusal(() => net.add("a")).message).toContain("no IP addresses available");
  });
});

describe("add() of an owner that was there before", () => {
  test("gets its own address back after a reboot, whatever is free", () => {
    using net = network();
    net.add("z");
    net.write("10.1.2.77", "a\r\neth0");
    net.setAttribute("10.1.2.77", EARLIER_BOOT);
    expect(net.add("a")).toEqual(["10.1.2.77/24"]);
    expect(Object.keys(net.leases())).toEqual(["10.1.2.2", "10.1.2.77"]);
    expect(net.read("10.1.2.77")).toBe("a\r\neth0");
    expect(net.attribute("10.1.2.77")).toContain(`b=${readHere().boot}`);
    expect(refusal(() => net.add("a")).message).toContain("duplicate allocation is not allowed");
  });

  testCookie("gets it at once when its link is gone, however young the lease", () => {
    using net = network();
    net.begin("a").attached({ name: "nosuchveth", index: 77777, sandboxCookie: "9" });
    expect(net.add("a")).toEqual(["10.1.2.2/24"]);
    expect(Object.keys(net.leases())).toEqual(["10.1.2.2"]);
  });

  testCookie("tells which rules its earlier attachment had, and keeps that until the new one is there", () => {
    using net = network();
    const attach = (rules?: string) => {
      const leased = net.begin("a");
      const meanwhile = net.owned("a")[0]?.rules;
      leased.attached({ name: "nosuchveth", index: 77777, sandboxCookie: "9", rules });
      leased.release();
      return [leased.rulesBefore, meanwhile, net.owned("a")[0]?.rules];
    };
    expect(attach("s")).toEqual([undefined, undefined, "s"]);
    expect(attach("i")).toEqual(["s", "s", "i"]);
    expect(attach()).toEqual(["i", "i", undefined]);
    expect(attach()).toEqual([undefined, undefined, undefined]);
  });

  testCookie("is refused at once while its link is there and the namespace cannot be told", () => {
    using net = network();
    net.begin("a").attached({ name: "lo", index: lo(), sandboxCookie: "9" });
    const start = performance.now();
    const error = refusal(() => net.add("a"));
    expect(performance.now() - start).toBeLessThan(500);
    expect(error.message).toContain("10.1.2.2 has been allocated to a, duplicate allocation is not allowed");
    expect(error.details).toContain("host interface lo");
  });

  test("gets a requested address back", () => {
    using net = network();
    net.write("10.1.2.77", "a\r\neth0");
    net.setAttribute("10.1.2.77", EARLIER_BOOT);
    expect(net.add("a", { args: "IP=10.1.2.77" })).toEqual(["10.1.2.77/24"]);
    const again = refusal(() => net.add("a", { args: "IP=10.1.2.77" }));
    expect(again.details).toContain("the very one that asks");
  });

  test("keeps the old lease as it was when the ADD fails or is taken back", () => {
    using net = network({ ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "10.1.3.0/30" }]] });
    net.write("10.1.2.77", "a\r\neth0");
    net.setAttribute("10.1.2.77", EARLIER_BOOT);
    const leased = net.begin("a");
    leased.rollback();
    expect(net.attribute("10.1.2.77")).toBe(EARLIER_BOOT);
    net.write("10.1.3.2", "b\r\neth0");
    expect(refusal(() => net.add("a")).message).toContain("range 1");
    expect(net.attribute("10.1.2.77")).toBe(EARLIER_BOOT);
    expect(Object.keys(net.leases())).toEqual(["10.1.2.77", "10.1.3.2"]);
  });
});
