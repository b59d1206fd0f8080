import { describe, expect, test } from "bun:test";
import { formatMac } from "../../../../src/base/mac.ts";
import { readConfig, readRemains } from "../../../../src/plugins/bridge/config.ts";
import { refusal, refusalOf } from "../../../support/refusal.ts";
import { bridgeCall } from "./call.ts";

const read = (conf: Record<string, unknown> = {}, env: Record<string, string> = {}) =>
  readConfig(bridgeCall({ conf, env }));

describe("readConfig()", () => {
  test("has the reference's defaults", () => {
    const { common, ...rest } = read({ bridge: undefined });
    expect(common.ipamType).toBeUndefined();
    expect(rest).toEqual({
      bridge: "cni0",
      isGateway: false,
      isDefaultGateway: false,
      forceAddress: false,
      ipMasq: false,
      mtu: 0,
      hairpinMode: false,
      promiscMode: false,
      portIsolation: false,
      enabledad: false,
      disableContainerInterface: false,
    });
  });

  test.each([
    "isGateway",
    "isDefaultGateway",
    "forceAddress",
    "ipMasq",
    "hairpinMode",
    "promiscMode",
    "portIsolation",
    "enabledad",
    "disableContainerInterface",
  ] as const)("reads %s", (key) => {
    expect(read({ [key]: true })[key]).toBe(true);
    expect(read({ [key.toUpperCase()]: true })[key]).toBe(true);
    expect(refusalOf(() => read({ [key]: "true" }))).toEqual([6, `${key}: "true" is not true or false`]);
  });

  test("takes a negative mtu for none", () => {
    expect([read({ mtu: 1400 }).mtu, read({ mtu: -1 }).mtu]).toEqual([1400, 0]);
  });

  test.each(["", ".", "..", "a/b", "a b", "a:b", "b".repeat(16)])("refuses %p as the bridge's name", (bridge) => {
    const { code, message } = refusal(() => read({ bridge }));
    expect(code).toBe(7);
    expect(message).toStartWith(`bridge: "${bridge}" is not an interface name: `);
  });

  test.each([
    [
      { ipam: { type: "x" }, disableContainerInterface: true },
      "cannot use IPAM when DisableContainerInterface flag is set",
    ],
    [{ hairpinMode: true, promiscMode: true }, "cannot set hairpin mode and promiscuous mode at the same time"],
    [{ ipMasqBackend: "pf" }, 'unknown ipmasq backend "pf"'],
  ])("refuses the combination %j", (conf, message) => {
    expect(refusalOf(() => read(conf))).toEqual([7, message]);
  });

  test("takes the one backend that it has", () => {
    for (const ipMasqBackend of ["nftables", "", undefined, null]) expect(read({ ipMasqBackend }).ipMasq).toBe(false);
  });

  test("takes values of keys it does not have that ask for nothing", () => {
    expect(read({ vlan: 0, macspoofchk: false, vlanTrunk: undefined, preserveDefaultVlan: true }).bridge).toBe("br0");
  });
});

describe("readConfig() finds the MAC address", () => {
  const found = (conf: Record<string, unknown>, env: Record<string, string> = {}) => {
    const { mac } = read(conf, env);
    return mac && formatMac(mac);
  };
  const runtimeConfig = { mac: "02:00:00:00:00:01" };
  const args = { cni: { mac: "02:00:00:00:00:02" } };
  const env = { CNI_ARGS: "IgnoreUnknown=1;MAC=02:00:00:00:00:03" };

  test("in runtimeConfig first, then in args.cni, then in CNI_ARGS", () => {
    expect(found({ runtimeConfig, args }, env)).toBe("02:00:00:00:00:01");
    expect(found({ args }, env)).toBe("02:00:00:00:00:02");
    expect(found({}, env)).toBe("02:00:00:00:00:03");
    expect(found({})).toBeUndefined();
  });

  test("not in an empty text, which asks for nothing", () => {
    expect(found({ runtimeConfig: { mac: "" }, args: { cni: { mac: "" } } }, { CNI_ARGS: "MAC=" })).toBeUndefined();
  });

  test("and refuses what is none", () => {
    expect(refusalOf(() => found({ runtimeConfig: { mac: "02:00" } }))[0]).toBe(7);
    expect(refusalOf(() => found({ args: { cni: { mac: "zz" } } }))[0]).toBe(7);
    expect(refusalOf(() => found({}, { CNI_ARGS: "MAC=nope" }))[0]).toBe(4);
  });
});

describe("readRemains()", () => {
  test("reads what a DEL needs of a configuration that an ADD would refuse", () => {
    const conf = { bridge: "br1", ipam: { type: "host-local" }, hairpinMode: true, promiscMode: true, mtu: "big" };
    expect(readRemains(conf)).toEqual({ bridge: "br1", ipam: "host-local" });
  });

  test("has defaults", () => {
    expect(readRemains({})).toEqual({ bridge: "cni0", ipam: undefined });
    expect(readRemains({ ipam: { type: "" } })).toEqual({ bridge: "cni0", ipam: undefined });
  });

  test("takes what no ADD can have read for one without IPAM", () => {
    expect(readRemains({ bridge: 5, ipam: { type: "host-local" } })).toEqual({ bridge: "cni0", ipam: undefined });
    expect(readRemains({ ipam: "host-local" })).toEqual({ bridge: "cni0", ipam: undefined });
  });
});
