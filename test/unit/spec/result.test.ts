import { describe, expect, test } from "bun:test";
import { type Ip, type Prefix, parseIp, parsePrefix } from "../../../src/base/ip.ts";
import type { Result } from "../../../src/spec/result.ts";
import { parsePrevResult, parseResult } from "../../../src/spec/result-parse.ts";
import { renderResult } from "../../../src/spec/result-render.ts";
import { VERSIONS, type Version } from "../../../src/spec/versions.ts";
import { refusalOf } from "../../support/refusal.ts";

const ip = (text: string) => parseIp(text) as Ip;
const prefix = (text: string) => parsePrefix(text) as Prefix;

const FULL: Result = {
  interfaces: [
    { name: "cni0", mac: "02:00:00:00:00:01" },
    {
      name: "eth0",
      mac: "02:00:00:00:00:02",
      mtu: 1400,
      sandbox: "/run/netns/a",
      socketPath: "/s",
      pciID: "0000:00:1",
    },
  ],
  ips: [
    { interface: 1, address: prefix("10.1.2.3/24"), gateway: ip("10.1.2.1") },
    { interface: 1, address: prefix("2001:db8::3/64") },
  ],
  routes: [
    { dst: prefix("0.0.0.0/0"), gw: ip("10.1.2.1"), mtu: 1300, advmss: 1200, priority: 10, table: 0, scope: 0 },
    { dst: prefix("::/0"), mtu: 0 },
  ],
  dns: { nameservers: ["1.1.1.1"], domain: "d", search: ["s"], options: ["o"] },
};
const L2: Result = { interfaces: [{ name: "cni0" }], ips: [], routes: [], dns: {} };

const compact = (result: Result, version: Version) => JSON.stringify(JSON.parse(renderResult(result, version)));

describe("renderResult()", () => {
  test.each(["1.0.0", "1.1.0"] as const)("writes %s with members in alphabetical order", (version) => {
    expect(compact(FULL, version)).toBe(
      `{"cniVersion":"${version}",` +
        '"dns":{"domain":"d","nameservers":["1.1.1.1"],"options":["o"],"search":["s"]},' +
        '"interfaces":[{"mac":"02:00:00:00:00:01","name":"cni0"},{"mac":"02:00:00:00:00:02","mtu":1400,"name":"eth0",' +
        '"pciID":"0000:00:1","sandbox":"/run/netns/a","socketPath":"/s"}],' +
        '"ips":[{"address":"10.1.2.3/24","gateway":"10.1.2.1","interface":1},{"address":"2001:db8::3/64","interface":1}],' +
        '"routes":[{"advmss":1200,"dst":"0.0.0.0/0","gw":"10.1.2.1","mtu":1300,"priority":10,"scope":0,"table":0},' +
        '{"dst":"::/0"}]}',
    );
  });

  test.each(["0.3.0", "0.3.1", "0.4.0"] as const)("writes %s with the family of addresses", (version) => {
    expect(compact(FULL, version)).toBe(
      `{"cniVersion":"${version}",` +
        '"interfaces":[{"name":"cni0","mac":"02:00:00:00:00:01"},' +
        '{"name":"eth0","mac":"02:00:00:00:00:02","sandbox":"/run/netns/a"}],' +
        '"ips":[{"version":"4","interface":1,"address":"10.1.2.3/24","gateway":"10.1.2.1"},' +
        '{"version":"6","interface":1,"address":"2001:db8::3/64"}],' +
        '"routes":[{"dst":"0.0.0.0/0","gw":"10.1.2.1","mtu":1300,"advmss":1200,"priority":10,"table":0,"scope":0},' +
        '{"dst":"::/0"}],' +
        '"dns":{"nameservers":["1.1.1.1"],"domain":"d","search":["s"],"options":["o"]}}',
    );
  });

  test.each(["0.1.0", "0.2.0"] as const)("writes %s with the first address of each family", (version) => {
    const more = { ...FULL, ips: [...FULL.ips, { address: prefix("10.9.9.9/24") }] };
    expect(compact(more, version)).toBe(
      `{"cniVersion":"${version}",` +
        '"ip4":{"ip":"10.1.2.3/24","gateway":"10.1.2.1","routes":[{"dst":"0.0.0.0/0","gw":"10.1.2.1"}]},' +
        '"ip6":{"ip":"2001:db8::3/64","routes":[{"dst":"::/0"}]},' +
        '"dns":{"nameservers":["1.1.1.1"],"domain":"d","search":["s"],"options":["o"]}}',
    );
  });

  test("leaves out the routes of a family without an address", () => {
    const one = { ...FULL, ips: [{ address: prefix("10.1.2.3/24") }] };
    expect(JSON.parse(renderResult(one, "0.2.0"))).not.toHaveProperty("ip6");
  });

  test("leaves out empty dns in 1.x only", () => {
    expect(compact(L2, "1.0.0")).toBe('{"cniVersion":"1.0.0","interfaces":[{"name":"cni0"}]}');
    expect(compact(L2, "0.4.0")).toBe('{"cniVersion":"0.4.0","interfaces":[{"name":"cni0"}],"dns":{}}');
  });

  test.each(["0.1.0", "0.2.0"] as const)("cannot write a result without addresses in %s", (version) => {
    expect(refusalOf(() => renderResult(L2, version))).toEqual([1, "cannot convert: no valid IP addresses"]);
  });

  test("indents by four spaces, without a newline at the end", () => {
    expect(renderResult(L2, "1.0.0")).toStartWith('{\n    "cniVersion": "1.0.0",\n    "interfaces": [\n        {\n');
    expect(renderResult(L2, "1.0.0")).toEndWith("\n}");
  });
});

describe("parseResult()", () => {
  test.each(["1.0.0", "1.1.0"] as const)("reads back all that %s holds", (version) => {
    const routes = FULL.routes.map(({ dst, ...rest }) => ({ dst, ...(rest.mtu === 0 ? {} : rest) }));
    expect(parseResult(JSON.parse(renderResult(FULL, version)), "0.1.0")).toEqual({ ...FULL, routes });
  });

  test.each(VERSIONS)("gives what renders to the same text in %s", (version) => {
    const text = renderResult(FULL, version);
    expect(renderResult(parseResult(JSON.parse(text), "1.1.0"), version)).toBe(text);
  });

  test("reads 0.2.0 as addresses without interfaces, routes of ip4 before those of ip6", () => {
    const json = {
      ip6: { ip: "2001:db8::3/64", routes: [{ dst: "::/0" }] },
      ip4: { ip: "10.1.2.3/24", gateway: "10.1.2.1", routes: [{ dst: "0.0.0.0/0" }] },
      cniVersion: "0.2.0",
    };
    expect(parseResult(json, "1.0.0")).toEqual({
      interfaces: [],
      ips: [{ address: prefix("10.1.2.3/24"), gateway: ip("10.1.2.1") }, { address: prefix("2001:db8::3/64") }],
      routes: [{ dst: prefix("0.0.0.0/0") }, { dst: prefix("::/0") }],
      dns: {},
    });
  });

  test("takes the caller's version where the result names none, and null as an empty result", () => {
    expect(parseResult({ ip4: { ip: "10.1.2.3/24" } }, "0.2.0").ips).toHaveLength(1);
    expect(parseResult({ ip4: { ip: "10.1.2.3/24" } }, "1.0.0").ips).toHaveLength(0);
    expect(parseResult(null, "1.0.0")).toEqual({ interfaces: [], ips: [], routes: [], dns: {} });
  });

  test.each([
    [{ cniVersion: "9.9.9" }, 1, 'unsupported CNI result version "9.9.9"'],
    [{ ips: [{}] }, 7, "result.ips[0].address is missing"],
    [{ routes: [{ gw: "10.0.0.1" }] }, 7, "result.routes[0].dst is missing"],
    [{ ips: [{ address: "10.0.0.1" }] }, 7, 'result.ips[0].address: "10.0.0.1" is not a CIDR'],
    [{ ips: [{ interface: "0" }] }, 6, 'result.ips[0].interface: "0" is not an integer'],
    [{ interfaces: "eth0" }, 6, 'result.interfaces: "eth0" is not an array'],
    ["text", 6, 'result: "text" is not an object'],
  ])("refuses %j", (json, code, message) => {
    expect(refusalOf(() => parseResult(json, "1.0.0"))).toEqual([code, message]);
  });
});

describe("parsePrevResult()", () => {
  test("takes results of the configuration's family", () => {
    expect(parsePrevResult({ cniVersion: "0.3.0", ips: [{ address: "10.0.0.1/8" }] }, "0.4.0").ips).toHaveLength(1);
    expect(parsePrevResult({ ips: [{ address: "10.0.0.1/8" }] }, "1.0.0").ips).toHaveLength(1);
  });

  test("refuses those of another", () => {
    expect(refusalOf(() => parsePrevResult({ cniVersion: "0.2.0" }, "1.0.0"))).toEqual([
      1,
      'could not parse prevResult: result type supports [1.0.0 1.1.0] but unmarshalled CNIVersion is "0.2.0"',
    ]);
  });

  test("names itself in messages", () => {
    const message = "prevResult.interfaces[0].name: 5 is not a string";
    expect(refusalOf(() => parsePrevResult({ interfaces: [{ name: 5 }] }, "1.0.0"))).toEqual([6, message]);
  });
});
