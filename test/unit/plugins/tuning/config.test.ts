import { describe, expect, test } from "bun:test";
import { formatMac } from "../../../../src/base/mac.ts";
import { readTuning } from "../../../../src/plugins/tuning/config.ts";
import { plugin } from "../../../../src/plugins/tuning/plugin.ts";
import { refusal } from "../../../support/refusal.ts";
import { callWith } from "./call.ts";

const attributes = (conf: object, args = "") => {
  const { mac, ...rest } = readTuning(callWith(conf, { args })).attributes;
  return { ...rest, ...(mac && { mac: formatMac(mac) }) };
};
const paths = (sysctl: object, ifname = "eth0") =>
  readTuning(callWith({ sysctl }, { ifname })).settings.map(({ path, value }) => `${path}=${value}`);

const MACS = ["02:00:00:00:00:01", "02:00:00:00:00:02", "02:00:00:00:00:03", "02:00:00:00:00:04"] as const;

describe("readTuning()", () => {
  test("reads every key, and leaves out what says nothing", () => {
    const all = { mac: MACS[0], mtu: 1400, promisc: true, allmulti: false, txQLen: 0 };
    expect(attributes(all)).toEqual({ mac: MACS[0], mtu: 1400, promisc: true, allmulti: false, txqlen: 0 });
    expect(attributes({ mac: "", mtu: 0, promisc: false })).toEqual({ promisc: false });
    expect(readTuning(callWith({})).dataDir).toBe("/run/cni/tuning");
  });

  test("takes the MAC address of args, else of the runtime, else of CNI_ARGS, else its own", () => {
    const own = { mac: MACS[0] };
    const runtimeConfig = { mac: MACS[2] };
    const args = "IgnoreUnknown=1;X=y;MAC=02-00-00-00-00-02";
    expect(attributes(own)).toEqual({ mac: MACS[0] });
    expect(attributes(own, args)).toEqual({ mac: MACS[1] });
    expect(attributes({ ...own, runtimeConfig }, args)).toEqual({ mac: MACS[2] });
    expect(attributes({ ...own, runtimeConfig, args: { cni: { mac: MACS[3] } } }, args)).toEqual({ mac: MACS[3] });
    expect(attributes({ ...own, runtimeConfig: { mac: "" } }, "MAC=")).toEqual({ mac: MACS[0] });
    expect(attributes({ ...own, runtimeConfig, args: { cni: { mac: "" } } }, args)).toEqual({});
  });

  test("lets args go before the rest, sysctl by sysctl", () => {
    const cni = { mtu: 0, promisc: false, allmulti: true, txQLen: 1, sysctl: { "net.b": "2", "net.c": "3" } };
    const conf = { mtu: 1400, promisc: true, txQLen: 2, sysctl: { "net.a": "1", "net.b": "1" }, args: { cni } };
    expect(attributes(conf)).toEqual({ promisc: false, allmulti: true, txqlen: 1 });
    expect(paths({})).toEqual([]);
    const { settings } = readTuning(callWith(conf));
    expect(settings.map(({ path, value }) => [path, value])).toEqual([
      ["net/a", "1"],
      ["net/b", "2"],
      ["net/c", "3"],
    ]);
    expect(readTuning(callWith({ args: { cni } })).settings).toHaveLength(2);
  });

  test("finds a sysctl with dots or slashes, of the interface that IFNAME stands for", () => {
    const name = "net.ipv4.conf.IFNAME.arp_filter";
    expect(paths({ [name]: "1" }, "eth0.100")).toEqual(["net/ipv4/conf/eth0.100/arp_filter=1"]);
    expect(paths({ [name]: "1" }, "$&")).toEqual(["net/ipv4/conf/$&/arp_filter=1"]);
    expect(paths({ "net/./core//somaxconn": " 5" })).toEqual(["net/core/somaxconn= 5"]);
    expect(paths({ "net/ipv4/../../../kernel/x": "5" })).toEqual(["net/ipv4/kernel/x=5"]);
  });
});

const OUTSIDE = ["kernel.domainname", "net", "net/", "", "../../etc/x", "../../proc/sys/vm/x", "network.x"];
test.each(OUTSIDE)("a sysctl that is none of a network namespace is refused: %p", (name) => {
  const { code, details } = refusal(() => paths({ [name]: "1" }));
  expect([code, details]).toEqual([7, expect.stringContaining(JSON.stringify(name))]);
});

const REFUSED: [object, string, number, string][] = [
  [{ mtu: -1 }, "", 7, "mtu -1"],
  [{ mtu: 2 ** 31 }, "", 7, "mtu 2147483648"],
  [{ mtu: "1400" }, "", 6, "mtu"],
  [{ txQLen: -1 }, "", 7, "txQLen -1"],
  [{ args: { cni: { txQLen: 2 ** 32 } } }, "", 7, "args.cni.txQLen 4294967296"],
  [{ mac: "x" }, "", 7, "mac"],
  [{ mac: "01:00:00:00:00:01" }, "", 7, "mac: 01:00:00:00:00:01"],
  [{ mac: "00:00:00:00:00:00", args: { cni: { mac: MACS[0] } } }, "", 7, "mac: 00:00:00:00:00:00"],
  [{ runtimeConfig: { mac: "02:00:00:00:00:00:00:01" } }, "", 7, "runtimeConfig.mac"],
  [{}, "MAC=x", 4, "MAC=x"],
  [{}, "X=y", 4, '"X=y"'],
  [{ sysctl: { "net.a": 1 } }, "", 6, "sysctl.net.a: 1"],
  [{ sysctl: { "net.a": null } }, "", 6, "sysctl.net.a: null"],
  [{ sysctl: ["net.a"] }, "", 6, "sysctl"],
  [{ promisc: "yes" }, "", 6, "promisc"],
];
test.each(REFUSED)("%j with CNI_ARGS %p is refused, naming the key and the value", (conf, args, code, words) => {
  const { code: is, message } = refusal(() => attributes(conf, args));
  expect([is, message]).toEqual([code, expect.stringContaining(words)]);
});

describe("a sysctl that is there twice", () => {
  const read = (stdin: string) => readTuning(callWith(JSON.parse(stdin), { stdin }));

  test.each([
    '{"sysctl":{"net.a":"1","net.a":"2"}}',
    '{ "SysCtl" : { "net.a" : "1" , "net.\\u0061":"2"} }',
    '{"sysctl":{"net.a":"1"},"SYSCTL":{"net.a":"1"}}',
    '{"x":["{\\"sysctl\\":{}}"],"sysctl":{"net.a":"\\"net.a\\":","net.b":"2","net.a":"2"}}',
  ])("is refused: %s", (stdin) => {
    expect(() => read(stdin)).toThrow("duplicated sysctl keys are not allowed");
  });

  test.each([
    '{"sysctl":{"net.a":"1"},"args":{"cni":{"sysctl":{"net.a":"2"}}}}',
    '{"sysctl":{"net.a":"net.a","net.b":"net.a"}}',
    '{"sysctl":{"net.a":"1","net/a":"1"},"x":{"net.a":"1"},"net.a":[{"net.a":1},{"net.a":2}]}',
    '{"sysctl":{},"x":"\\\\"}',
  ])("is not where it is elsewhere, or written otherwise: %s", (stdin) => {
    read(stdin);
  });
});

test("STATUS refuses what every ADD refuses, and needs no prevResult", () => {
  plugin.STATUS(callWith({ mtu: 1400 }));
  expect(refusal(() => plugin.STATUS(callWith({ mtu: -1 }))).code).toBe(7);
});
