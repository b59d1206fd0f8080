/** What static answers, held against the reference. */
import { describe, expect } from "bun:test";
import type { CallOptions, Verb } from "../../support/conf.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, namespaces, needs, REFERENCE, reference } from "../../support/needs.ts";
import { CONF } from "./conf.ts";

const conf = (over: object): Partial<CallOptions> => ({ conf: { ...CONF, ...over } });
const ipam = (...addresses: object[]) => conf({ ipam: { type: "static", addresses } });

const SAME: [string, Partial<CallOptions>][] = [
  ...["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"].map(
    (cniVersion): [string, Partial<CallOptions>] => [`version ${cniVersion}`, conf({ cniVersion })],
  ),
  ["no addresses", ipam()],
  ["no addresses in an old version", conf({ cniVersion: "0.2.0", ipam: { type: "static" } })],
  ["no ipam", conf({ ipam: undefined })],
  ["host bits and a zero length", ipam({ address: "10.77.0.9/0" }, { address: "fd77::9/128", gateway: "fd77::1" })],
  ["the same address twice", ipam({ address: "10.77.0.9/24" }, { address: "10.77.0.9/24" })],
  ["an address that is none", ipam({ address: "10.77.0.9" })],
  ["a gateway that is none", ipam({ address: "10.77.0.9/24", gateway: "x" })],
  ["a gateway of the other family", ipam({ address: "10.77.0.9/24", gateway: "fd77::1" })],
  [
    "two of a family in an old version",
    { ...conf({ cniVersion: "0.2.0", runtimeConfig: { ips: ["1.2.3.4/8", "1.2.3.5/8"] } }) },
  ],
  ["CNI_ARGS", { args: "IP=10.77.0.8/24, fd78::8/64;GATEWAY=10.77.0.2,10.77.0.3 , fd78::1" }],
  ["an IP that is none", { args: "IP=10.77.0.8" }],
  ["a GATEWAY that is none", { args: "IP=10.77.0.8/24;GATEWAY=10.77.0" }],
  ["unknown CNI_ARGS", { args: "MAC=02:00:00:00:00:01" }],
  ["args", conf({ args: { cni: { ips: ["10.5.0.9/16"] } } })],
  ["args that is none", conf({ args: { cni: { ips: ["10.5.0.9"] } } })],
  [
    "runtimeConfig over args",
    conf({ args: { cni: { ips: ["10.5.0.9/16"] } }, runtimeConfig: { ips: ["10.6.0.9/16"] } }),
  ],
  [
    "runtimeConfig over what is no address",
    { ...conf({ ipam: { addresses: [{ address: "x" }] }, runtimeConfig: { ips: ["fd06::9/64"] } }) },
  ],
  ["names in other cases", conf({ ipam: { type: "static", ADDRESSES: [{ ADDRESS: "10.77.0.9/24" }] } })],
  [
    "null",
    conf({ ipam: { type: "static", addresses: null, routes: null, dns: null }, args: null, runtimeConfig: null }),
  ],
];

const CHECKS: [string, object[] | undefined][] = [
  [
    "what ADD gave",
    [
      { address: "10.77.0.9/24", gateway: "10.77.0.1" },
      { address: "fd77::9/64", gateway: "fd77::1" },
    ],
  ],
  ["another gateway", [{ address: "10.77.0.9/24", gateway: "10.77.0.2" }]],
  ["no gateway", [{ address: "10.77.0.9/24" }]],
  ["another address", [{ address: "10.77.0.8/24" }]],
  ["no prevResult", undefined],
];

describe("static answers as the reference's:", () => {
  const needReference = needs(namespaces, built, reference);
  const both = (lab: Lab, verb: Verb, options: Partial<CallOptions>) =>
    [lab.bin, REFERENCE].map((bin) => {
      const { status, json } = lab.call("static", verb, { conf: CONF, ns: "/nowhere", ...options, bin });
      return { status, answer: status === 0 ? (json ?? "") : typeof json?.msg };
    });

  needReference.each(SAME)("ADD with %s", async (_, options) => {
    await inLab((lab) => {
      const [ours, theirs] = both(lab, "ADD", options);
      expect(ours).toEqual(theirs);
    })();
  });

  needReference.each(CHECKS)("CHECK with %s", async (_, ips) => {
    await inLab((lab) => {
      const prevResult = ips && { cniVersion: "1.0.0", ips };
      const [ours, theirs] = both(lab, "CHECK", conf({ ...(prevResult && { prevResult }) }));
      expect(ours).toEqual(theirs);
    })();
  });

  needReference(
    "CHECK with a capability that is neither true nor false",
    inLab((lab) => {
      const over = { prevResult: { cniVersion: "1.0.0", ips: [] }, capabilities: { mac: "yes" } };
      const [ours, theirs] = both(lab, "CHECK", conf(over));
      expect([ours, ours?.status]).toEqual([theirs, 1]);
    }),
  );

  needReference(
    "DEL, of whatever, and VERSION",
    inLab((lab) => {
      for (const over of [{}, { ipam: 5 }, { ipam: undefined }]) {
        const [ours, theirs] = both(lab, "DEL", { ...conf(over), args: "x" });
        expect([ours, ours?.status]).toEqual([theirs, 0]);
      }
      const [ours, theirs] = both(lab, "VERSION", {});
      expect(ours).toEqual(theirs);
    }),
  );
});
