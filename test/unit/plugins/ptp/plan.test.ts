import { describe, expect, test } from "bun:test";
import { type Ip, type Prefix, parseIp, parsePrefix } from "../../../../src/base/ip.ts";
import { readConfig, readRemains } from "../../../../src/plugins/ptp/config.ts";
import { assertOffer, planAddresses } from "../../../../src/plugins/ptp/plan.ts";
import type { Result } from "../../../../src/spec/result.ts";
import { refusal } from "../../../support/refusal.ts";
import { bridgeCall } from "../bridge/call.ts";

const IPAM = { type: "host-local" };
const config = (conf: Record<string, unknown> = {}) => readConfig(bridgeCall({ conf: { ipam: IPAM, ...conf } }));

describe("readConfig()", () => {
  test("has defaults", () => {
    expect(config()).toEqual({
      common: { ipamType: "host-local", dns: {} },
      ipam: "host-local",
      wishes: {},
      mtu: 0,
      enabledad: false,
    });
  });

  test.each([
    [{ ipam: {} }, 7, /no plugin name provided/],
    [{ ipam: undefined }, 7, /no plugin name provided/],
    [{ ipam: { type: "../x" } }, 7, /invalid plugin name: \.\.\/x/],
    [{ mtu: 67 }, 7, /invalid mtu 67: a veth has 68 to 65535/],
    [{ mtu: "wide" }, 6, /mtu: "wide" is not an integer/],
    [{ ipMasq: true, ipMasqBackend: "ipvs" }, 7, /unknown ipmasq backend "ipvs"/],
  ])("refuses %p", (conf, code, message) => {
    const error = refusal(() => config(conf));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
  });

  test("knows no runtimeConfig and no args", () => {
    expect(config({ runtimeConfig: 5, args: 5 }).mtu).toBe(0);
  });
});

test.each([
  [{}, { ipam: undefined, wishes: {} }],
  [
    { ipam: IPAM, ipMasq: true },
    { ipam: "host-local", wishes: { masquerade: { backend: undefined } } },
  ],
  [
    { ipam: IPAM, ipMasq: true, ipMasqBackend: "ipvs" },
    { ipam: "host-local", wishes: { masquerade: { backend: undefined } } },
  ],
  [
    { ipam: IPAM, ipMasq: "yes" },
    { ipam: undefined, wishes: {} },
  ],
])("readRemains() of %p", (conf, expected) => expect(readRemains(conf) as object).toEqual(expected));

const ip = (address: string, gateway?: string) => ({
  address: parsePrefix(address) as Prefix,
  ...(gateway && { gateway: parseIp(gateway) as Ip }),
});
const leased = (...ips: Result["ips"]): Result => ({ interfaces: [], ips, routes: [], dns: {} });

describe("planAddresses()", () => {
  test("makes a hop of each address", () => {
    const { ips, hops } = planAddresses(config(), leased(ip("10.1.2.3/24", "10.1.2.1"), ip("fd00::5/128", "fe80::1")));
    expect(hops).toEqual([ip("10.1.2.3/24", "10.1.2.1"), ip("fd00::5/128", "fe80::1")] as (typeof hops)[number][]);
    expect(ips.map((one) => one.interface)).toEqual([1, 1]);
  });

  test.each([
    [[], 999, /missing IP config/],
    [[ip("10.1.2.3/24")], 7, /^cannot route to 10\.1\.2\.3\/24: IPAM names no gateway/],
    [[ip("10.1.2.3/24", "fd00::1")], 7, /its gateway fd00::1 is not of its IP family/],
    [[ip("10.1.2.3/32", "10.1.2.1")], 7, /a subnet of one address/],
  ])("refuses %p", (ips, code, message) => {
    const error = refusal(() => planAddresses(config(), leased(...ips)));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
  });
});

test("assertOffer() refuses what no choice of a set can mend", () => {
  const set = (...all: [string, string?][]) =>
    all.map(([subnet, gateway]) => ({ subnet: ip(subnet).address, gateway: gateway && ip(subnet, gateway).gateway }));
  const offer = (...sets: ReturnType<typeof set>[]) => ({ sets, routes: [] }) as Parameters<typeof assertOffer>[1];
  assertOffer(config(), offer(set(["10.1.2.3/24", "10.1.2.1"])));
  expect(refusal(() => assertOffer(config(), offer(set(["10.1.2.3/24"])))).code).toBe(7);
  expect(refusal(() => assertOffer(config({ mtu: 1000 }), offer(set(["fd00::/64", "fd00::1"])))).code).toBe(7);
  assertOffer(config(), offer(set(["10.1.2.3/24"], ["10.1.3.3/24", "10.1.3.1"])));
});
