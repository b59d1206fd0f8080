/** Which backend a configuration means, and to which addresses its ports lead. */
import { describe, expect, test } from "bun:test";
import { formatPrefix } from "../../../../src/base/ip.ts";
import { conditionText } from "../../../../src/features/port-map/condition.ts";
import { readBackend } from "../../../../src/plugins/portmap/backend.ts";
import { readConditions } from "../../../../src/plugins/portmap/conditions.ts";
import { readRemains } from "../../../../src/plugins/portmap/config.ts";
import { addressesOf } from "../../../../src/plugins/portmap/target.ts";
import { CniError } from "../../../../src/spec/errors.ts";
import { prefix } from "../../../support/nft.ts";

describe("readBackend()", () => {
  test.each([
    [{}, "nftables"],
    [{ conditionsV4: [], conditionsV6: [""] }, "nftables"],
    [{ conditionsV4: ["ip saddr", "192.0.2.1"], conditionsV6: ["", "-d"] }, "nftables"],
    [{ backend: "iptables" }, "iptables"],
    [{ externalSetMarkChain: "X" }, "iptables"],
    [{ conditionsV6: ["!", "-i", "eth0"] }, "iptables"],
  ])("%j is %s", (keys, backend) => {
    expect(readBackend(keys)).toBe(backend as "iptables");
  });

  test.each([
    [{ backend: "nftables", externalSetMarkChain: "X" }, "iptables-specific options [externalSetMarkChain]"],
    [{ backend: "iptables", conditionsV4: ["ip", "saddr"] }, "nftables-specific options [conditionsV4]"],
    [{ conditionsV4: ["-d"], conditionsV6: ["ip6"] }, "nftables-specific options [conditionsV6]"],
    [{ backend: "" }, 'unrecognized backend ""'],
  ])("%j is refused", (keys, message) => {
    expect(() => readBackend(keys)).toThrow(message);
  });
});

describe("readConditions()", () => {
  const texts = (keys: object) =>
    Object.entries(readConditions(keys) ?? {}).map(([family, condition]) => `${family}: ${conditionText(condition)}`);

  test("joins words by blanks, whatever they are cut into", () => {
    const conditionsV4 = ["ip saddr {", "10.0.0.0/8,", "192.0.2.1 }", "iifname != lo"];
    expect(texts({ conditionsV4, conditionsV6: ["tcp dport", "80"] })).toEqual([
      'ip: ip saddr { 10.0.0.0/8, 192.0.2.1 } iifname != "lo"',
      "ip6: tcp dport 80",
    ]);
  });

  test("is undefined without words", () => {
    for (const keys of [{}, { conditionsV4: [] }, { conditionsV4: ["", " "], conditionsV6: [""] }])
      expect(readConditions(keys)).toBeUndefined();
  });

  test("names the key, the word, and what is accepted", () => {
    const keys = { conditionsV4: ["iifname", "eth0"], conditionsV6: ["ip6 saddr", "here"] };
    let thrown: unknown;
    try {
      readConditions(keys);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(CniError);
    const { code, message, details } = thrown as CniError;
    expect([code, message]).toEqual([7, 'conditionsV6: "here" is no value to compare with']);
    expect(details).toStartWith("expected an IPv6 address, a prefix, or two addresses with - between them; iptables ");
  });
});

describe("addressesOf()", () => {
  const interfaces = [{ name: "br0" }, { name: "eth0", sandbox: "/ns" }, { name: "net1", sandbox: "/ns" }];
  const of = (...ips: [text: string, index?: number][]) => {
    const all = ips.map(([text, index]) => ({
      address: prefix(text),
      ...(index !== undefined && { interface: index }),
    }));
    return addressesOf({ interfaces, ips: all, routes: [], dns: {} }, "eth0").map(formatPrefix);
  };

  test("has the first of each family, of the container's interface", () => {
    expect(of(["10.0.0.1/24", 0], ["10.0.1.2/24", 2], ["10.0.0.2/24", 1], ["10.0.0.3/24", 1])).toEqual(["10.0.0.2/24"]);
    expect(of(["fd00::2/64", 1], ["10.0.0.2/24", 1])).toEqual(["10.0.0.2/24", "fd00::2/64"]);
  });

  test("takes those of which the result does not say where they are", () => {
    expect(of(["10.0.0.2/24"])).toEqual(["10.0.0.2/24"]);
    expect(of(["10.0.0.2/24", 9], ["fd00::2/64", -1])).toEqual(["10.0.0.2/24", "fd00::2/64"]);
  });
});

test("readRemains() takes what no ADD can have made for nothing", () => {
  const mapping = { hostPort: 80, containerPort: 80, protocol: "tcp" };
  expect(readRemains({ runtimeConfig: { portMappings: [mapping] } })).toEqual([mapping as never]);
  for (const wrong of [{}, { runtimeConfig: 7 }, { runtimeConfig: { portMappings: [{ ...mapping, hostPort: 0 }] } }]) {
    expect(readRemains(wrong)).toEqual([]);
  }
});
