import { describe, expect, test } from "bun:test";
import { formatIp, formatPrefix } from "../../../../src/base/ip.ts";
import { readGiven } from "../../../../src/plugins/static/config.ts";
import { plugin } from "../../../../src/plugins/static/plugin.ts";
import type { Offer } from "../../../../src/spec/delegate.ts";
import { readEnv } from "../../../../src/spec/env.ts";
import type { Call } from "../../../../src/spec/plugin.ts";
import type { Version } from "../../../../src/spec/versions.ts";
import { callEnv } from "../../../support/plugin-fake.ts";
import { refusal, refusalOf } from "../../../support/refusal.ts";

interface Options {
  readonly args?: string;
  readonly version?: Version;
}

function callWith(conf: object, { args = "", version = "1.1.0" }: Options = {}): Call {
  const config = { ipam: {}, ...conf };
  const env = readEnv(callEnv("ADD", { CNI_ARGS: args }), []);
  return { env, stdin: "", config, name: "net", version, delegates: [], warn: () => {} };
}

/** "10.1.2.3/24 via 10.1.2.1" of each address that is given. */
const given = (conf: object, options?: Options) =>
  readGiven(callWith(conf, options)).ips.map(
    ({ address, gateway }) => formatPrefix(address) + (gateway ? ` via ${formatIp(gateway)}` : ""),
  );

const ipam = (...addresses: object[]) => ({ ipam: { type: "static", addresses } });
const OWN = ipam({ address: "10.1.2.3/24", gateway: "10.1.2.1" });
const ofArgs = (...ips: string[]) => ({ args: { cni: { ips } } });
const ofRuntime = (...ips: string[]) => ({ runtimeConfig: { ips } });

describe("static takes its addresses", () => {
  test("of ipam, with their gateways, in their order", () => {
    const conf = ipam(
      { address: "fd00::3/64", gateway: "fd00::1" },
      { address: "10.1.2.3/24" },
      { address: "10.2.2.3/24", gateway: "" },
    );
    expect(given(conf)).toEqual(["fd00::3/64 via fd00::1", "10.1.2.3/24", "10.2.2.3/24"]);
    expect([given({}), given({ ipam: { addresses: null } })]).toEqual([[], []]);
  });

  test("then those of CNI_ARGS, to which alone GATEWAY belongs", () => {
    const args = "IgnoreUnknown=1;K8S_POD_NAME=p;IP=10.1.2.4/24, fd00::4/64;GATEWAY=10.1.2.254,fd00::1 ,192.0.2.1";
    const own = ipam({ address: "10.1.2.3/24" });
    expect(given(own, { args })).toEqual(["10.1.2.3/24", "10.1.2.4/24 via 10.1.2.254", "fd00::4/64 via fd00::1"]);
    expect(given({}, { args: "IP=10.1.2.4/24;GATEWAY=10.1.2.1,10.1.2.2" })).toEqual(["10.1.2.4/24 via 10.1.2.2"]);
    expect(given(own, { args: "IP=;GATEWAY=" })).toEqual(["10.1.2.3/24"]);
  });

  test("instead of all these those of args, and instead of them those of runtimeConfig", () => {
    const args = { args: "IP=10.1.2.4/24" };
    expect(given({ ...OWN, ...ofArgs("10.5.0.9/16", "fd05::9/64") }, args)).toEqual(["10.5.0.9/16", "fd05::9/64"]);
    expect(given({ ...OWN, ...ofArgs("10.5.0.9/16"), ...ofRuntime("10.6.0.9/16") }, args)).toEqual(["10.6.0.9/16"]);
    expect(given({ ...OWN, ...ofArgs(), ...ofRuntime() })).toEqual(["10.1.2.3/24 via 10.1.2.1"]);
  });

  test("and does not look at those of ipam that are replaced", () => {
    const conf = { ...ipam({ address: "none" }), ...ofRuntime("10.6.0.9/16") };
    expect(given(conf)).toEqual(["10.6.0.9/16"]);
  });
});

const REFUSED: [string, object, Options, number, string][] = [
  ["no ipam", { ipam: null }, {}, 7, "IPAM config missing 'ipam' key"],
  ["an address without a length", ipam({ address: "10.1.2.3" }), {}, 7, "ipam.addresses[0].address: "],
  ["no address", ipam({ address: "10.1.2.3/24" }, {}), {}, 7, 'ipam.addresses[1].address: ""'],
  ["an address that is a number", ipam({ address: 5 }), {}, 6, "ipam.addresses[0].address: 5"],
  ["a gateway that is none", ipam({ gateway: "x" }), {}, 7, 'ipam.addresses[0].gateway: "x"'],
  ["a route without destination", { ipam: { routes: [{}] } }, {}, 7, "ipam.routes[0].dst"],
  ["an ips of args", ofArgs("10.1.2.3"), {}, 7, 'args.cni.ips[0]: "10.1.2.3"'],
  ["replaced ips of args", { ...ofArgs("x"), ...ofRuntime("10.6.0.9/16") }, {}, 7, 'args.cni.ips[0]: "x"'],
  ["an ips of runtimeConfig", ofRuntime("10.1.2.3/33"), {}, 7, 'runtimeConfig.ips[0]: "10.1.2.3/33"'],
  ["an IP of CNI_ARGS", {}, { args: "IP=10.1.2.3/24,10.1.2.4" }, 4, '"10.1.2.4" of IP'],
  ["a GATEWAY of CNI_ARGS", {}, { args: "GATEWAY=10.1.2.300" }, 4, '"10.1.2.300" of GATEWAY'],
  ["an unknown key of CNI_ARGS", {}, { args: "MAC=x" }, 4, '"MAC=x"'],
  [
    "two addresses of a family in an old result",
    ofRuntime("10.1.2.3/24", "10.1.3.3/24"),
    { version: "0.2.0" },
    7,
    "CNI version 0.2.0 does not support more than 1 address per family",
  ],
];

test.each(REFUSED)("static refuses %s", (_, conf, options, code, words) => {
  const { code: is, message, details } = refusal(() => readGiven(callWith(conf, options)));
  expect([is, message]).toEqual([code, expect.stringContaining(words)]);
  expect(details).not.toBe("");
});

test("one address of each family goes into an old result", () => {
  expect(given(ofRuntime("10.1.2.3/24", "fd00::3/64"), { version: "0.2.0" })).toHaveLength(2);
});

describe("CHECK", () => {
  const check = (ips: object[] | undefined, conf: object = OWN) =>
    plugin.CHECK(callWith({ ...conf, ...(ips && { prevResult: { cniVersion: "1.1.0", ips } }) }));

  test("passes where the addresses have their gateways", () => {
    check([{ address: "10.1.2.3/24", gateway: "10.1.2.1" }]);
    check([{ address: "10.1.2.3/16", gateway: "10.1.2.9" }], ipam({ address: "10.1.2.3/24" }));
    check([{ address: "10.1.2.9/24" }]);
    check([]);
  });

  test.each([[{}], [{ gateway: "10.1.2.9" }]])("fails where one has %j instead", (gateway) => {
    expect(refusalOf(() => check([{ address: "10.1.2.3/24", ...gateway }]))).toEqual([
      999,
      "static: Failed to match addr 10.1.2.3 on interface eth0",
    ]);
  });

  test("needs prevResult, of a version of the configuration's family", () => {
    expect(refusalOf(() => check(undefined))).toEqual([7, "Required prevResult missing"]);
    const old = { ...OWN, prevResult: { cniVersion: "0.4.0" } };
    expect(refusalOf(() => plugin.CHECK(callWith(old)))[0]).toBe(1);
  });
});

describe("STATUS", () => {
  const offered = (conf: object) => {
    let offer: Offer = { sets: [], routes: [] };
    const vet = (shown: Offer) => {
      offer = shown;
    };
    plugin.STATUS({ ...callWith(conf), vet });
    return offer.sets.map((set) => set.map(({ subnet }) => formatPrefix(subnet)));
  };

  test("shows the upper plugin what an ADD would give", () => {
    expect(offered(OWN)).toEqual([["10.1.2.3/24"]]);
  });

  test("refuses what every ADD refuses, and does not miss what the runtime gives with a container", () => {
    const wrong = ipam({ address: "none" });
    expect(refusalOf(() => offered(wrong))[0]).toBe(7);
    expect(offered({ ...wrong, capabilities: { ips: true } })).toEqual([]);
    expect(offered({})).toEqual([]);
  });
});
