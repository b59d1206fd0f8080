import { describe, expect, test } from "bun:test";
import { formatIp, formatPrefix } from "../../../src/base/ip.ts";
import * as d from "../../../src/spec/decode.ts";
import { refusal, refusalOf } from "../../support/refusal.ts";

const conf = () =>
  d.goObject({
    mtu: d.int,
    bridge: d.string,
    isGateway: d.boolean,
    gateway: d.ip,
    subnet: d.prefix,
    mac: d.mac,
    ipam: d.goObject({ ranges: d.array(d.array(d.goObject({ subnet: d.prefix }))) }),
    capabilities: d.mapOf(d.boolean),
    list: d.nullable(d.array(d.string)),
  });
const decode = (json: string) => d.decode(conf(), JSON.parse(json));

describe("goObject()", () => {
  test("matches names whatever their case", () => {
    expect(decode('{"MTU": 1400, "Bridge": "b", "ISGATEWAY": true}')).toEqual({
      mtu: 1400,
      bridge: "b",
      isGateway: true,
    });
  });

  test("lets the later of two spellings win, unless it is null", () => {
    expect(decode('{"mtu": 1, "MTU": 2}')).toEqual({ mtu: 2 });
    expect(decode('{"MTU": 2, "mtu": 1}')).toEqual({ mtu: 1 });
    expect(decode('{"mtu": 1, "MTU": null}')).toEqual({ mtu: 1 });
  });

  test("ignores unknown names and takes null as absent", () => {
    expect(decode('{"cniVersion": 5, "mtu": null, "ipam": null}')).toEqual({});
  });

  test("takes null as an item for the empty text or false where Go does, and for no object, prefix or number", () => {
    const list = d.goObject({
      search: d.array(d.itemString),
      capabilities: d.mapOf(d.itemBoolean),
      sizes: d.array(d.int),
    });
    expect(d.decode(list, { search: [null, "a"], capabilities: { mac: null, ips: true } })).toEqual({
      search: ["", "a"],
      capabilities: { mac: false, ips: true },
    });
    expect(refusal(() => d.decode(list, { sizes: [null] })).message).toBe("sizes[0]: null is not an integer");
    expect(refusal(() => d.decode(d.array(d.goObject({})), [null])).message).toBe("[0]: null is not an object");
    expect(refusal(() => d.decode(d.array(d.prefix), [null])).message).toBe("[0]: null is not a string");
  });

  test("keeps null, [] and absence apart where asked to", () => {
    expect(decode('{"list": null}')).toEqual({ list: null });
    expect(decode('{"list": []}')).toEqual({ list: [] });
    expect("list" in decode("{}")).toBe(false);
  });

  test("takes empty addresses as absent, and no other empty texts", () => {
    expect(decode('{"gateway": "", "mac": "", "bridge": ""}')).toEqual({ bridge: "" });
    expect(refusalOf(() => decode('{"subnet": ""}'))).toEqual([7, 'subnet: "" is not a CIDR']);
  });

  test.each(["__proto__", "constructor", "toString", "prototype"])("is not misled by a member %s", (name) => {
    const value = decode(`{"${name}": {"mtu": 9}, "capabilities": {"${name}": true}, "mtu": 1}`);
    expect(value.mtu).toBe(1);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(({} as { mtu?: number }).mtu).toBeUndefined();
  });
});

describe("decode()", () => {
  test("gives base values", () => {
    const value = decode('{"gateway": "2001:db8:0::1", "subnet": "10.1.2.3/24", "mac": "02-00-00-00-00-0A"}');
    expect(value.gateway && formatIp(value.gateway)).toBe("2001:db8::1");
    expect(value.subnet && formatPrefix(value.subnet)).toBe("10.1.2.3/24");
    expect([...(value.mac ?? [])]).toEqual([2, 0, 0, 0, 0, 10]);
  });

  test.each([
    ['{"mtu": "1500"}', 'mtu: "1500" is not an integer', "expected an integer, found a string"],
    ['{"mtu": 1.5}', "mtu: 1.5 is not an integer", "expected an integer, found a fraction"],
    ['{"bridge": 5}', "bridge: 5 is not a string", "expected a string, found a number"],
    ['{"isGateway": "true"}', 'isGateway: "true" is not true or false', "expected true or false, found a string"],
    ['{"ipam": []}', "ipam: [] is not an object", "expected an object, found an array"],
    ['{"ipam": {"ranges": {}}}', "ipam.ranges: {} is not an array", "expected an array, found an object"],
    ['{"gateway": 1}', "gateway: 1 is not a string", "expected a string, found a number"],
    [
      '{"capabilities": {"mac": 1}}',
      "capabilities.mac: 1 is not true or false",
      "expected true or false, found a number",
    ],
    ["[]", "[] is not an object", "expected an object, found an array"],
    ["null", "null is not an object", "expected an object, found null"],
  ])("refuses %s with code 6", (json, message, details) => {
    const error = refusal(() => decode(json));
    expect([error.code, error.message, error.details]).toEqual([6, message, details]);
  });

  test.each([
    [
      '{"ipam": {"ranges": [[{"subnet": "10.0.0.0/33"}]]}}',
      'ipam.ranges[0][0].subnet: "10.0.0.0/33" is not a CIDR',
      "expected address/length, 10.1.2.0/24 or 2001:db8::/64",
    ],
    ['{"gateway": "10.1.2.03"}', 'gateway: "10.1.2.03" is not an IP address', "expected 10.1.2.3 or 2001:db8::1"],
    ['{"mac": "xx"}', 'mac: "xx" is not a MAC address', "expected 02:00:00:00:00:01"],
  ])("refuses %s with code 7", (json, message, details) => {
    const error = refusal(() => decode(json));
    expect([error.code, error.message, error.details]).toEqual([7, message, details]);
  });

  test("cuts a long value and puts `where` before the path", () => {
    const error = refusal(() => d.decode(conf(), { gateway: "x".repeat(500) }, "prevResult"));
    expect(error.message).toStartWith('prevResult.gateway: "xxx');
    expect(error.message.length).toBeLessThan(140);
  });
});
