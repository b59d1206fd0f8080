import { describe, expect, test } from "bun:test";
import type { Facts } from "../../../../src/tool/doctor/facts.ts";
import { checkKeys } from "../../../../src/tool/doctor/keys.ts";
import { checkValues } from "../../../../src/tool/doctor/values.ts";
import type { ConfFile } from "../../../../src/tool/node/networks.ts";

const plugin = { type: "bridge", isGateway: true, ipam: { type: "host-local", ranges: [[{ subnet: "10.1.2.0/24" }]] } };

const facts = (config: object): Facts => {
  const network = { name: "net", cniVersion: "1.0.0", plugins: [], config };
  const file: ConfFile = { path: "/x/net.conflist", text: JSON.stringify(config, null, 2), network, wrong: undefined };
  return { files: [file] } as unknown as Facts;
};
const list = (...plugins: object[]) => facts({ cniVersion: "1.0.0", name: "net", plugins });
const whats = (of: Facts) => [...checkKeys(of), ...checkValues(of)].map(({ what }) => what);

describe("keys", () => {
  test("a sound list, with keys of others and of any case", () => {
    const others = { $schema: "x", "example.com/owner": 1, nerdctlID: "17f2", keepAlive: true };
    expect(
      whats(
        facts({ cniVersion: "1.0.0", name: "net", ...others, plugins: [{ ...plugin, ISGATEWAY: true, ...others }] }),
      ),
    ).toEqual([]);
  });

  test("others' plugins have keys of their own, but their IPAM plugin may be known", () => {
    expect(whats(list({ type: "flannel", isGatewy: true, delegate: {} }))).toEqual([]);
    expect(
      whats(
        list({
          type: "macvlan",
          mastr: "eth0",
          ipam: { type: "host-local", subent: "10.1.2.0/24", subnet: "10.1.2.0/24" },
        }),
      ),
    ).toEqual([]);
    expect(whats(list({ type: "macvlan", ipam: { type: "static", adresses: [] } }))[0]).toContain(
      '"addresses" is meant',
    );
  });

  test("in a single plugin's file, whose keys stand beside the name", () => {
    expect(whats(facts({ cniVersion: "1.0.0", name: "net", type: "bridge", isGatway: true }))[0]).toContain(
      '"isGateway" is meant',
    );
  });

  test("deep inside: in a range and in a route", () => {
    const ipam = {
      type: "host-local",
      ranges: [[{ subnet: "10.1.2.0/24", gatway: "10.1.2.1" }]],
      routes: [{ dst: "0.0.0.0/0", prioritiy: 1 }],
    };
    expect(whats(list({ type: "bridge", ipam }))).toHaveLength(2);
  });

  test("one that is there rightly as well is nobody's slip", () => {
    expect(whats(list({ ...plugin, isGatewy: true }))).toEqual([]);
  });
});

describe("values", () => {
  test("say where and what, and put a boolean right", () => {
    const [finding] = checkValues(list({ ...plugin, isGateway: "true" }));
    expect(finding?.evidence).toMatch(/^\/x\/net\.conflist:\d+: it is "true"; .*boolean/);
    expect(finding?.mend).toHaveLength(1);
    expect(finding?.mend[0]).toMatch(/^sed -i -e '\d+c\\ +"isGateway": true,' \/x\/net\.conflist$/);
  });

  test("what only a person knows is said so, and the way out", () => {
    const [finding] = checkValues(list({ ...plugin, mtu: 70000 }));
    expect(finding?.mend[0]).toStartWith("# correct it");
    expect(finding?.mend[1]).toBe("mv /x/net.conflist /x/net.conflist.unused");
  });

  test("null counts as absent", () => {
    expect(whats(list({ ...plugin, mtu: null }))).toEqual([]);
  });
});
