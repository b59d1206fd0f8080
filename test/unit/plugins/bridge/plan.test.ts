import { describe, expect, test } from "bun:test";
import { formatIp, formatPrefix, type Ip, type Prefix, parseIp, parsePrefix } from "../../../../src/base/ip.ts";
import { CONTAINER_INTERFACE, planAddresses, planBridge } from "../../../../src/plugins/bridge/plan.ts";
import { assertOneSubnet } from "../../../../src/plugins/bridge/sound.ts";
import type { Result } from "../../../../src/spec/result.ts";
import { refusal, refusalOf } from "../../../support/refusal.ts";
import { bridgeCall } from "./call.ts";

const ip = (text: string) => parseIp(text) as Ip;
const prefix = (text: string) => parsePrefix(text) as Prefix;

/** What IPAM gives: addresses "10.1.2.3/24" or "10.1.2.3/24 via 10.1.2.1", routes likewise. */
function ipam(ips: string[], routes: string[] = [], dns: Result["dns"] = {}): Result {
  const split = (text: string) => text.split(" via ") as [string, string?];
  return {
    interfaces: [],
    ips: ips
      .map(split)
      .map(([address, gateway]) => ({ address: prefix(address), ...(gateway && { gateway: ip(gateway) }) })),
    routes: routes.map(split).map(([dst, gw]) => ({ dst: prefix(dst), ...(gw && { gw: ip(gw) }) })),
    dns,
  };
}

/** The second part of the plan, as text. */
function addressing(conf: Record<string, unknown>, result: Result) {
  const plan = planAddresses(planBridge(bridgeCall({ conf: { ipam: { type: "ipam" }, ...conf } })), result);
  return {
    ips: plan.ips.map(({ address, gateway }) => formatPrefix(address) + (gateway ? ` via ${formatIp(gateway)}` : "")),
    routes: plan.routes.map(({ dst, gw }) => formatPrefix(dst) + (gw ? ` via ${formatIp(gw)}` : "")),
    gateways: plan.gateways.map(formatPrefix),
    dns: plan.dns,
  };
}

test("planBridge() says whose attachment it is, and where", () => {
  const plan = planBridge(bridgeCall({ conf: { ipam: { type: "host-local" } }, env: { CNI_IFNAME: "net1" } }));
  expect(plan.owner).toEqual({ network: "net", containerId: "c1", ifname: "net1" });
  expect([plan.netns, plan.ipam]).toEqual(["/run/netns/ctr", "host-local"]);
});

test("planBridge() wants no addresses without an IPAM plugin", () => {
  for (const conf of [{}, { ipam: {} }, { ipam: { type: "" } }])
    expect(planBridge(bridgeCall({ conf })).ipam).toBeUndefined();
});

test("planAddresses() refuses an IPAM plugin that gave no address", () => {
  const [code, message] = refusalOf(() => addressing({}, ipam([], ["0.0.0.0/0"])));
  expect([code, message]).toEqual([999, "IPAM plugin returned missing IP config"]);
});

test("planAddresses() puts every address on the container's interface", () => {
  const plan = planBridge(bridgeCall({ conf: { ipam: { type: "ipam" } } }));
  const { ips } = planAddresses(plan, ipam(["10.1.2.3/24", "2001:db8::3/64"]));
  expect(ips.map((one) => one.interface)).toEqual([CONTAINER_INTERFACE, CONTAINER_INTERFACE]);
});

describe("planAddresses() of gateways", () => {
  test("keeps what IPAM gave, and adds nothing to a bridge that is none", () => {
    const result = ipam(["10.1.2.3/24 via 10.1.2.9", "2001:db8::3/64"]);
    expect(addressing({}, result)).toMatchObject({ ips: ["10.1.2.3/24 via 10.1.2.9", "2001:db8::3/64"], gateways: [] });
  });

  test("with isGateway, takes the first address of the subnet where IPAM gave none", () => {
    const result = ipam(["10.1.2.3/24", "10.9.0.130/25 via 10.9.0.254"]);
    expect(addressing({ isGateway: true, forceAddress: true }, result)).toMatchObject({
      ips: ["10.1.2.3/24 via 10.1.2.1", "10.9.0.130/25 via 10.9.0.254"],
      gateways: ["10.1.2.1/24", "10.9.0.254/25"],
    });
  });

  test("refuses two IPv4 gateways, of which the bridge could only be one", () => {
    const two = ipam(["10.1.2.3/24", "10.9.0.3/24"]);
    const [code, message] = refusalOf(() => addressing({ isGateway: true }, two));
    expect([code, message]).toEqual([
      7,
      'failed to set bridge addr: "br0" already has an IP address different from 10.9.0.1/24',
    ]);
    expect(addressing({ isGateway: true }, ipam(["10.1.2.3/24", "10.1.2.4/24"])).gateways).toHaveLength(2);
  });

  test("with isGateway, gives the bridge IPv4 first", () => {
    const result = ipam(["2001:db8::3/64", "10.1.2.3/24"]);
    const { ips, gateways } = addressing({ isGateway: true }, result);
    expect(ips).toEqual(["2001:db8::3/64 via 2001:db8::1", "10.1.2.3/24 via 10.1.2.1"]);
    expect(gateways).toEqual(["10.1.2.1/24", "2001:db8::1/64"]);
  });

  test("isDefaultGateway implies isGateway", () => {
    expect(addressing({ isDefaultGateway: true, isGateway: false }, ipam(["10.1.2.3/24"])).gateways).toEqual([
      "10.1.2.1/24",
    ]);
  });
});

describe("planAddresses() of default routes", () => {
  const both = ["10.1.2.3/24", "2001:db8::3/64"];

  test("adds none unless it is asked to", () => {
    expect(addressing({ isGateway: true }, ipam(both, ["10.0.0.0/8"])).routes).toEqual(["10.0.0.0/8"]);
  });

  test("adds one for each family, after IPAM's routes", () => {
    expect(addressing({ isDefaultGateway: true }, ipam(both, ["10.0.0.0/8"])).routes).toEqual([
      "10.0.0.0/8",
      "0.0.0.0/0 via 10.1.2.1",
      "::/0 via 2001:db8::1",
    ]);
  });

  test("adds only one for two addresses of a family", () => {
    const two = ipam(["10.1.2.3/24", "10.9.0.3/24"]);
    const conf = { isDefaultGateway: true, forceAddress: true };
    expect(addressing(conf, two).routes).toEqual(["0.0.0.0/0 via 10.1.2.1"]);
  });

  test("leaves IPAM's own default route alone, with or without a gateway", () => {
    for (const route of ["0.0.0.0/0 via 10.1.2.77", "0.0.0.0/0"]) {
      expect(addressing({ isDefaultGateway: true }, ipam(["10.1.2.3/24"], [route])).routes).toEqual([route]);
    }
  });

  test("refuses a gateway of the other family, unless IPAM's default route has one of its own", () => {
    const strange = ["10.1.2.3/24 via 2001:db8::1"];
    for (const routes of [[], ["0.0.0.0/0"], ["::/0 via 2001:db8::1"]]) {
      const [code, message] = refusalOf(() => addressing({ isDefaultGateway: true }, ipam(strange, routes)));
      expect([code, message]).toEqual([7, expect.stringContaining("0.0.0.0/0 via 2001:db8::1")]);
    }
    const given = ipam(strange, ["0.0.0.0/0 via 10.1.2.1"]);
    expect(addressing({ isDefaultGateway: true }, given).routes).toEqual(["0.0.0.0/0 via 10.1.2.1"]);
    expect(addressing({ isGateway: true }, ipam(strange, ["0.0.0.0/0"])).routes).toEqual(["0.0.0.0/0"]);
  });

  test("does not take an IPv6 default route for an IPv4 one", () => {
    expect(addressing({ isDefaultGateway: true }, ipam(["10.1.2.3/24"], ["::/0"])).routes).toEqual([
      "::/0",
      "0.0.0.0/0 via 10.1.2.1",
    ]);
  });

  test("does not take a half of the addresses for a default route", () => {
    expect(addressing({ isDefaultGateway: true }, ipam(["10.1.2.3/24"], ["0.0.0.0/1"])).routes).toEqual([
      "0.0.0.0/1",
      "0.0.0.0/0 via 10.1.2.1",
    ]);
  });

  test("keeps the other members of IPAM's routes", () => {
    const plan = planBridge(bridgeCall({ conf: { ipam: { type: "ipam" } } }));
    const route = { dst: prefix("10.0.0.0/8"), mtu: 1300, advmss: 1200, priority: 7, table: 1000, scope: 253 };
    expect(planAddresses(plan, { ...ipam(["10.1.2.3/24"]), routes: [route] }).routes).toEqual([route]);
  });
});

describe("planAddresses() refuses what the kernel will not take of", () => {
  const both = ["10.1.2.3/24 via 10.1.2.1", "2001:db8::3/64 via 2001:db8::1"];

  test("an mtu below IPv6's, whichever IPAM gave the address", () => {
    expect(refusalOf(() => addressing({ mtu: 1279 }, ipam(both)))).toEqual([
      7,
      "mtu 1279 is too small for IPv6, of which the network has 2001:db8::3/64",
    ]);
    expect(addressing({ mtu: 1279 }, ipam(both.slice(0, 1))).ips).toHaveLength(1);
    expect(addressing({ mtu: 1280 }, ipam(both)).ips).toHaveLength(2);
  });

  test.each([
    ["10.8.0.0/16 via 2001:db8::9", "the gateway is not of the same IP family as the destination"],
    ["2001:db8:8::/48 via 10.1.2.9", "the gateway is not of the same IP family as the destination"],
    ["2001:db8:8::/48 via ::", ":: is no gateway"],
    ["10.8.0.1/16 via 10.1.2.9", "the destination has host bits set"],
  ])("the route %s", (route, reason) => {
    expect(refusalOf(() => addressing({}, ipam(both, [route])))).toEqual([
      7,
      `failed to add route '${route}': ${reason}`,
    ]);
  });

  test("nothing of what it takes: on the link, host bits of IPv6", () => {
    const routes = ["10.8.0.0/16 via 0.0.0.0", "2001:db8:8::1/48 via 2001:db8::9", "0.0.0.0/0 via 10.1.2.1"];
    expect(addressing({}, ipam(both, routes)).routes).toEqual(routes);
  });

  test("a scope for the link, with a gateway", () => {
    const of = (scope: number, gw?: string) => {
      const route = { dst: prefix("10.8.0.0/16"), scope, ...(gw && { gw: ip(gw) }) };
      const plan = planBridge(bridgeCall({ conf: { ipam: { type: "ipam" } } }));
      return planAddresses(plan, { ...ipam(both), routes: [route] }).routes;
    };
    for (const scope of [253, 254]) {
      expect(of(scope, "0.0.0.0")).toHaveLength(1);
      expect(refusalOf(() => of(scope))[1]).toContain(`via 10.1.2.1': a route of scope ${scope} `);
    }
    for (const scope of [255, -1]) expect(refusalOf(() => of(scope, "0.0.0.0"))[1]).toContain("there is no scope 255");
    expect([0, 200, 999].map((scope) => of(scope).length)).toEqual([1, 1, 1]);
  });
});

describe("assertOneSubnet()", () => {
  const gateways = (...texts: string[]) => texts.map(prefix);

  test("is at ease with a choice that all sets have", () => {
    assertOneSubnet("br0", [
      gateways("10.1.2.1/24", "10.9.0.1/24"),
      gateways("10.9.0.1/24"),
      gateways("2001:db8::1/64"),
    ]);
  });

  test("refuses sets of which each needs another", () => {
    const sets = [gateways("10.1.2.1/24", "10.9.0.1/24"), gateways("10.8.0.1/24")];
    const { code, message, details } = refusal(() => assertOneSubnet("br0", sets));
    expect([code, message]).toEqual([
      7,
      'failed to set bridge addr: "br0" already has an IP address different from 10.8.0.1/24',
    ]);
    expect(details).toContain("10.1.2.1/24 and 10.8.0.1/24");
  });
});

describe("planAddresses() of dns", () => {
  const given = ipam(["10.1.2.3/24"], [], { nameservers: ["10.1.2.1"], domain: "ipam" });

  test("takes IPAM's where the configuration has none", () => {
    expect(addressing({}, given).dns).toEqual({ nameservers: ["10.1.2.1"], domain: "ipam" });
    expect(addressing({ dns: {} }, given).dns).toEqual({ nameservers: ["10.1.2.1"], domain: "ipam" });
    expect(addressing({ dns: { domain: "" } }, given).dns).toEqual({ nameservers: ["10.1.2.1"], domain: "ipam" });
  });

  test("takes the configuration's own as a whole, also an empty list", () => {
    expect(addressing({ dns: { search: ["own"] } }, given).dns).toEqual({ search: ["own"] });
    expect(addressing({ dns: { nameservers: [] } }, given).dns).toEqual({ nameservers: [] });
    expect(addressing({ dns: { domain: "own" } }, given).dns).toEqual({ domain: "own" });
  });
});
