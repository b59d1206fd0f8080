import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatIp, type Ip, type Prefix, parseIp, parsePrefix } from "../../../../src/base/ip.ts";
import { cursorOver } from "../../../../src/plugins/host-local/cursor.ts";
import {
  capacityOf,
  formatSet,
  type RangeConfig,
  type RangeSet,
  rangeOf,
  rangeSets,
} from "../../../../src/plugins/host-local/ranges.ts";
import { refusal } from "../../../support/refusal.ts";

type Written = { subnet?: string; rangeStart?: string; rangeEnd?: string; gateway?: string };

function range({ subnet, rangeStart, rangeEnd, gateway }: Written): RangeConfig {
  const ip = (text: string) => parseIp(text) as Ip;
  return {
    ...(subnet ? { subnet: parsePrefix(subnet) as Prefix } : {}),
    ...(rangeStart ? { rangeStart: ip(rangeStart) } : {}),
    ...(rangeEnd ? { rangeEnd: ip(rangeEnd) } : {}),
    ...(gateway ? { gateway: ip(gateway) } : {}),
  };
}

function sets(written: Written[][], cniVersion = "1.0.0"): RangeSet[] {
  const configs = written.map((ranges, i) => ({ path: `ipam.ranges[${i}]`, ranges: ranges.map(range) }));
  return rangeSets(configs, cniVersion);
}

function set(...written: Written[]): RangeSet {
  return sets([written])[0] as RangeSet;
}

describe("rangeSets()", () => {
  test("fills in gateway, first and last address by family", () => {
    const show = (one: RangeSet) => `${formatSet(one)} gw ${formatIp((one[0] as { gateway: Ip }).gateway)}`;
    expect(show(set({ subnet: "10.1.2.0/24" }))).toBe("10.1.2.1-10.1.2.254 gw 10.1.2.1");
    expect(show(set({ subnet: "2001:db8::/126" }))).toBe("2001:db8::1-2001:db8::3 gw 2001:db8::1");
  });

  test("accepts the network and broadcast address when they are written", () => {
    const one = set({ subnet: "10.1.2.0/24", rangeStart: "10.1.2.0", rangeEnd: "10.1.2.255" });
    expect(formatSet(one)).toBe("10.1.2.0-10.1.2.255");
  });

  test("accepts a gateway anywhere in the subnet, also beside the range", () => {
    for (const gateway of ["10.1.2.0", "10.1.2.77", "10.1.2.255"]) {
      const one = set({ subnet: "10.1.2.0/24", rangeStart: "10.1.2.10", rangeEnd: "10.1.2.20", gateway });
      expect(formatIp((one[0] as { gateway: Ip }).gateway)).toBe(gateway);
    }
  });

  test("names the key of a range that is not in a list as the configuration writes it", () => {
    const configs = [{ path: "ipam", single: true, ranges: [range({ subnet: "10.1.2.0/31" })] }];
    expect(refusal(() => rangeSets(configs, "1.0.0")).details).toStartWith("ipam.subnet must");
  });

  test.each([
    [[[{}]], "invalid range set 0: IP <nil> not v4 nor v6", "ipam.ranges[0][0].subnet"],
    [[[{ subnet: "10.1.2.0/31" }]], "invalid range set 0: Network 10.1.2.0/31 too small to allocate from", "/30"],
    [[[{ subnet: "fd00::/127" }]], "invalid range set 0: Network fd00::/127 too small to allocate from", "/126"],
    [
      [[{ subnet: "10.1.2.0/24" }], [{ subnet: "10.1.3.9/24" }]],
      "invalid range set 1: Network has host bits set. For a subnet mask of length 24 the network address is 10.1.3.0",
      "10.1.3.0/24",
    ],
    [
      [[{ subnet: "10.1.2.0/24", rangeStart: "10.1.3.1" }]],
      "invalid range set 0: RangeStart 10.1.3.1 not in network 10.1.2.0/24",
      "ipam.ranges[0][0].rangeStart",
    ],
    [
      [[{ subnet: "10.1.2.0/24", rangeStart: "10.1.2.9", rangeEnd: "10.1.2.8" }]],
      "invalid range set 0: RangeStart 10.1.2.9 not in network 10.1.2.0/24",
      "not after rangeEnd",
    ],
    [
      [[{ subnet: "10.1.2.0/24", rangeStart: "10.1.2.9", rangeEnd: "fd00::1" }]],
      "invalid range set 0: RangeEnd fd00::1 not in network 10.1.2.0/24",
      "rangeEnd",
    ],
    [
      [[{ subnet: "10.1.2.0/24", gateway: "10.1.3.1" }]],
      "invalid range set 0: gateway 10.1.3.1 not in network 10.1.2.0/24",
      "ipam.ranges[0][0].gateway",
    ],
    [
      [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00::/64", gateway: "10.1.2.1" }]],
      "invalid range set 1: gateway 10.1.2.1 not in network fd00::/64",
      "ipam.ranges[1][0].gateway",
    ],
    [
      [[{ subnet: "10.1.2.0/24", gateway: "fd00::1", rangeStart: "10.1.3.1" }]],
      "invalid range set 0: gateway fd00::1 not in network 10.1.2.0/24",
      "gateway",
    ],
    [
      [[{ subnet: "192.0.2.0/24", rangeStart: "192.0.2.255" }]],
      "invalid range set 0: RangeStart 192.0.2.255 is after RangeEnd 192.0.2.254 in network 192.0.2.0/24",
      "ipam.ranges[0][0].rangeEnd",
    ],
    [
      [[{ subnet: "255.255.255.252/30", rangeStart: "255.255.255.255" }]],
      "invalid range set 0: RangeStart 255.255.255.255 is after RangeEnd 255.255.255.254 in network 255.255.255.252/30",
      "rangeStart",
    ],
    [[[]], "invalid range set 0: empty range set", "ipam.ranges[0]"],
    [
      [[{ subnet: "10.1.2.0/24" }, { subnet: "fd00::/64" }]],
      "invalid range set 0: mixed address families",
      "of its own",
    ],
    [
      [[{ subnet: "10.1.2.0/24" }, { subnet: "10.1.2.0/25" }]],
      "invalid range set 0: subnets 10.1.2.1-10.1.2.254 and 10.1.2.1-10.1.2.126 overlap",
      "rangeStart and rangeEnd",
    ],
    [
      [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00::/64" }], [{ subnet: "10.1.2.128/25" }]],
      "range set 0 overlaps with 2",
      "ipam.ranges[2]",
    ],
    [[], "no IP ranges specified", "ipam.ranges"],
  ])("refuses %j", (written: Written[][], message: string, detail: string) => {
    const error = refusal(() => sets(written));
    expect([error.code, error.message]).toEqual([7, message]);
    expect(error.details).toContain(detail);
  });

  test("allows several sets of a family from 0.3.0 on", () => {
    const two = [[{ subnet: "10.1.2.0/24" }], [{ subnet: "10.1.3.0/24" }]];
    expect(sets(two, "0.3.0").length).toBe(2);
    const message = "CNI version 0.2.0 does not support more than 1 address per family";
    expect(refusal(() => sets(two, "0.2.0")).text).toBe(message);
    expect(sets([[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00::/64" }]], "0.2.0").length).toBe(2);
  });
});

describe("cursorOver()", () => {
  function walk(over: RangeSet, last?: string): string {
    const cursor = cursorOver(over, last ? parseIp(last) : undefined);
    const seen: string[] = [];
    for (let next = cursor.next(); next; next = cursor.next()) seen.push(formatIp(next.ip));
    return seen.join(" ");
  }
  const eight = set({ subnet: "192.168.1.0/29" });
  const tail = (text: string) => text.replaceAll("192.168.1.", ".");

  test("gives the reference's sequences", () => {
    expect(tail(walk(eight))).toBe(".2 .3 .4 .5 .6");
    expect(tail(walk(eight, "192.168.1.3"))).toBe(".4 .5 .6 .2 .3");
    expect(tail(walk(eight, "192.168.1.6"))).toBe(".2 .3 .4 .5 .6");
    expect(tail(walk(eight, "10.0.0.1"))).toBe(".2 .3 .4 .5 .6");
    expect(walk(set({ subnet: "10.0.0.0/30" }, { subnet: "10.0.1.0/30" }), "10.0.0.2")).toBe("10.0.1.2 10.0.0.2");
  });

  test("gives nothing for a range whose only address is the gateway", () => {
    expect(walk(set({ subnet: "10.0.0.0/24", rangeStart: "10.0.0.1", rangeEnd: "10.0.0.1" }))).toBe("");
  });

  test("gives the only address of a range", () => {
    const one = set({ subnet: "10.0.0.0/24", rangeStart: "10.0.0.9", rangeEnd: "10.0.0.9" });
    expect([walk(one), walk(one, "10.0.0.9")]).toEqual(["10.0.0.9", "10.0.0.9"]);
  });

  test("leaves out the gateway of the range at hand only", () => {
    const two = set(
      { subnet: "10.0.0.0/24", rangeStart: "10.0.0.4", rangeEnd: "10.0.0.6", gateway: "10.0.0.9" },
      { subnet: "10.0.0.0/24", rangeStart: "10.0.0.8", rangeEnd: "10.0.0.10", gateway: "10.0.0.5" },
    );
    expect(walk(two)).toBe("10.0.0.4 10.0.0.5 10.0.0.6 10.0.0.8 10.0.0.9 10.0.0.10");
  });

  const TOP = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff";
  test.each([
    [{ subnet: "0.0.0.0/30" }, "0.0.0.2"],
    [{ subnet: "0.0.0.0/30", rangeStart: "0.0.0.0", rangeEnd: "0.0.0.3" }, "0.0.0.0 0.0.0.2 0.0.0.3"],
    [{ subnet: "255.255.255.252/30" }, "255.255.255.254"],
    [{ subnet: "255.255.255.252/30", rangeEnd: "255.255.255.255" }, "255.255.255.254 255.255.255.255"],
    [{ subnet: "::/126" }, "::2 ::3"],
    [{ subnet: "::/126", rangeStart: "::", gateway: "::3" }, ":: ::1 ::2"],
    [{ subnet: "::/96", rangeStart: "::100:0", rangeEnd: "::100:2" }, "::100:0 ::100:1 ::100:2"],
    [{ subnet: `${TOP}fc/126` }, `${TOP}fe ${TOP}ff`],
    [{ subnet: `${TOP}fc/126`, rangeStart: `${TOP}ff`, gateway: `${TOP}fc` }, `${TOP}ff`],
  ])("stays in the range at the ends of the address space: %j", (written: Written, all: string) => {
    const one = set(written);
    expect(walk(one)).toBe(all);
    const last = all.split(" ").at(-1) as string;
    expect(walk(one, last)).toBe(all);
  });

  test("gives each address of any set once, the last one last", () => {
    const part = fc.tuple(
      fc.integer({ min: 0, max: 9 }),
      fc.integer({ min: 0, max: 9 }),
      fc.integer({ min: 0, max: 255 }),
    );
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), fc.nat(), (parts, pick) => {
        const over = set(
          ...parts.map(([start, length, gateway], i) => ({
            subnet: "10.0.0.0/24",
            rangeStart: `10.0.0.${1 + i * 30 + start}`,
            rangeEnd: `10.0.0.${1 + i * 30 + start + length}`,
            gateway: `10.0.0.${gateway}`,
          })),
        );
        const all = walk(over).split(" ").filter(Boolean);
        expect(all.length).toBe(capacityOf(over));
        expect(new Set(all).size).toBe(all.length);
        if (all.length === 0) return;
        const last = all[pick % all.length] as string;
        const rotated = walk(over, last).split(" ");
        expect(rotated.at(-1)).toBe(last);
        expect(rotated.toSorted()).toEqual(all.toSorted());
      }),
    );
  });
});

test("rangeOf() includes both ends and nothing else", () => {
  const one = set({ subnet: "10.0.0.0/24", rangeStart: "10.0.0.4", rangeEnd: "10.0.0.6" });
  const inside = ["10.0.0.3", "10.0.0.4", "10.0.0.6", "10.0.0.7", "fd00::4"].filter((ip) =>
    rangeOf(one, parseIp(ip) as Ip),
  );
  expect(inside).toEqual(["10.0.0.4", "10.0.0.6"]);
});
