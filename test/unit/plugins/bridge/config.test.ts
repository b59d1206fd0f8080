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
      wishes: {},
      mtu: 0,
      hairpinMode: false,
      promiscMode: false,
      portIsolation: false,
      enabledad: false,
      disableContainerInterface: false,
      macFromAddress: true,
    });
  });

  test("reads berth.macFromAddress", () => {
    expect(read({ berth: { macFromAddress: false } }).macFromAddress).toBe(false);
    expect(refusalOf(() => read({ berth: { macFromAddress: 0 } }))).toEqual([
      6,
      "berth.macFromAddress: 0 is not true or false",
    ]);
  });

  test.each([
    "isGateway",
    "isDefaultGateway",
    "forceAddress",
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

  test("reads what is wished of features", () => {
    const ipam = { type: "host-local" };
    expect(read({ MacSpoofChk: true }).wishes).toEqual({ spoofCheck: true });
    expect(read({ IPMASQ: true, ipam }).wishes).toEqual({ masquerade: {} });
    expect(read({ ipMasq: true, macspoofchk: true }).wishes).toEqual({ spoofCheck: true });
    for (const key of ["ipMasq", "macspoofchk"])
      expect(refusalOf(() => read({ [key]: "true" }))).toEqual([6, `${key}: "true" is not true or false`]);
  });

  test("takes a negative mtu for none", () => {
    expect([read({ mtu: 1400 }).mtu, read({ mtu: -1 }).mtu]).toEqual([1400, 0]);
  });

  test("takes the mtu that the kernel takes", () => {
    expect([68, 65535].map((mtu) => read({ mtu }).mtu)).toEqual([68, 65535]);
    for (const mtu of [1, 67, 65536, 2 ** 32 + 1500]) {
      const [code, message] = refusalOf(() => read({ mtu }));
      expect([code, message]).toEqual([7, `invalid mtu ${mtu}: a bridge and a veth have 68 to 65535`]);
    }
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
    [{ ipMasq: true, ipam: { type: "host-local" }, ipMasqBackend: "pf" }, 'unknown ipmasq backend "pf"'],
  ])("refuses the combination %j", (conf, message) => {
    expect(refusalOf(() => read(conf))).toEqual([7, message]);
  });

  test("takes the backends of the reference, and none", () => {
    const masq = { ipMasq: true, ipam: { type: "host-local" } };
    const backend = (ipMasqBackend: unknown) => read({ ...masq, ipMasqBackend }).wishes.masquerade?.backend;
    expect(read({ ipMasqBackend: "pf" }).wishes.masquerade).toBeUndefined();
    expect(["nftables", "iptables", "", undefined, null].map(backend)).toEqual([
      "nftables",
      "iptables",
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("needs no VLANs for keys that ask for none", () => {
    expect(read({ vlan: 0, vlanTrunk: undefined, preserveDefaultVlan: true }).vlans).toBeUndefined();
    expect(read({ vlanTrunk: null }).vlans).toBeUndefined();
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

  test("and refuses a wrong type in args.cni as the reference does, also where runtimeConfig goes before it", () => {
    const wrong = { cni: { mac: 5 } };
    for (const conf of [{ args: wrong }, { args: wrong, runtimeConfig }]) {
      expect(refusalOf(() => found(conf))).toEqual([6, "args.cni.mac: 5 is not a string"]);
    }
    expect(found({ args: { cni: { mac: "nonsense" } }, runtimeConfig })).toBe("02:00:00:00:00:01");
  });

  test("not in an empty text, which asks for nothing", () => {
    expect(found({ runtimeConfig: { mac: "" }, args: { cni: { mac: "" } } }, { CNI_ARGS: "MAC=" })).toBeUndefined();
  });

  test.each([
    ["01:00:5e:00:00:01", "it is a group's"],
    ["ff:ff:ff:ff:ff:ff", "it is a group's"],
    ["00:00:00:00:00:00", "it is none"],
    ["02:00:00:00:00:00:00:01", "it has 8 bytes"],
  ])("and refuses %s, which no interface can have", (mac, why) => {
    const message = `${mac} cannot be the MAC address of an interface: ${why}`;
    expect(refusalOf(() => found({ runtimeConfig: { mac } }))).toEqual([7, `runtimeConfig.mac: ${message}`]);
    expect(refusalOf(() => found({ args: { cni: { mac } } }))).toEqual([7, `args.cni.mac: ${message}`]);
    expect(refusalOf(() => found({}, { CNI_ARGS: `MAC=${mac}` }))).toEqual([7, `MAC in CNI_ARGS: ${message}`]);
  });

  test("and refuses what is none", () => {
    expect(refusalOf(() => found({ runtimeConfig: { mac: "02:00" } }))[0]).toBe(7);
    expect(refusalOf(() => found({ args: { cni: { mac: "zz" } } }))[0]).toBe(7);
    expect(refusalOf(() => found({}, { CNI_ARGS: "MAC=nope" }))[0]).toBe(4);
  });
});

describe("readRemains()", () => {
  const NOTHING = { bridge: "cni0", ipam: undefined, wishes: {} };

  test("reads what a DEL needs of a configuration that an ADD would refuse", () => {
    const conf = { bridge: "br1", ipam: { type: "host-local" }, hairpinMode: true, promiscMode: true, mtu: "big" };
    expect(readRemains(conf)).toEqual({ ...NOTHING, bridge: "br1", ipam: "host-local" });
    const rules = { ipMasq: true, ipMasqBackend: "iptables", macspoofchk: true, vlan: 5000 };
    expect(readRemains(rules)).toEqual({ ...NOTHING, wishes: { spoofCheck: true } });
    expect(readRemains({ ...rules, ipam: { type: "x" } })).toEqual({
      ...NOTHING,
      ipam: "x",
      wishes: { masquerade: { backend: "iptables" }, spoofCheck: true },
    });
  });

  test("has defaults", () => {
    expect(readRemains({})).toEqual(NOTHING);
    expect(readRemains({ ipam: { type: "" } })).toEqual(NOTHING);
  });

  test("takes what no ADD can have read for one without IPAM", () => {
    expect(readRemains({ bridge: 5, ipam: { type: "host-local" } })).toEqual(NOTHING);
    expect(readRemains({ ipam: "host-local" })).toEqual(NOTHING);
  });
});
