import { describe, expect, test } from "bun:test";
import { formatIp, formatPrefix, type Ip, type Prefix, parseIp, parsePrefix } from "../../../../src/base/ip.ts";
import { CONTAINER_INTERFACE, planAddresses, planBridge } from "../../../../src/plugins/bridge/plan.ts";
import type { Result } from "../../../../src/spec/result.ts";
import { refusalOf } from "../../../support/refusal.ts";
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
