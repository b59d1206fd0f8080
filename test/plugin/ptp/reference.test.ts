/** ptp beside the reference's: results, addresses and routes on both sides, CHECK, and DEL of what the other has made. */
import { describe, expect } from "bun:test";
import { inLab, type Lab } from "../../support/lab.ts";
import { BIN, built, linkKind, namespaces, needs, REFERENCE, reference } from "../../support/needs.ts";
import { DEFAULT_ROUTE, dual, hostEnd, ptpConf, seen, worded } from "../../support/ptp-net.ts";

const need = needs(namespaces, built, linkKind("veth"), reference);

type Case = [what: string, conf: (lab: Lab) => ReturnType<typeof ptpConf>];
const fixed = (...addresses: object[]) => ({ type: "static", addresses });
const CASES: Case[] = [
  ...["0.1.0", "0.2.0", "0.3.1", "0.4.0", "1.0.0"].map(
    (cniVersion): Case => [`version ${cniVersion}`, (lab) => ptpConf(lab, { cniVersion })],
  ),
  ["both families", dual],
  ["two subnets", (lab) => ptpConf(lab, {}, { ranges: [[{ subnet: "10.77.0.0/24" }], [{ subnet: "10.78.0.0/24" }]] })],
  ["an mtu", (lab) => ptpConf(lab, { mtu: 1400 })],
  ["an mtu that is none", (lab) => ptpConf(lab, { mtu: -5 })],
  ["dns", (lab) => ptpConf(lab, { dns: { nameservers: ["192.0.2.1"], search: ["a.example"] } })],
  ["an empty list in dns", (lab) => ptpConf(lab, { dns: { search: [] } })],
  [
    "routes",
    (lab) =>
      ptpConf(lab, {}, { routes: [DEFAULT_ROUTE, { dst: "10.9.0.0/16", gw: "10.77.0.99", priority: 5, mtu: 1300 }] }),
  ],
  ["a subnet of two", (lab) => ptpConf(lab, {}, fixed({ address: "10.77.0.5/31", gateway: "10.77.0.4" }))],
  ["keys of others", (lab) => ptpConf(lab, { bridge: 5, runtimeConfig: 5, args: 5, vlan: "x" })],
  ["a route to its own subnet", (lab) => ptpConf(lab, {}, { routes: [{ dst: "10.77.0.0/24" }] })],
  ["no gateway", (lab) => ptpConf(lab, {}, fixed({ address: "10.77.0.5/24" }))],
  ["a gateway of the other family", (lab) => ptpConf(lab, {}, fixed({ address: "10.77.0.5/24", gateway: "fd77::1" }))],
  ["a subnet of one", (lab) => ptpConf(lab, {}, fixed({ address: "10.77.0.5/32", gateway: "10.77.0.1" }))],
  [
    "one gateway twice",
    (lab) =>
      ptpConf(
        lab,
        {},
        fixed({ address: "10.77.0.5/24", gateway: "10.77.0.1" }, { address: "10.77.0.6/24", gateway: "10.77.0.1" }),
      ),
  ],
  ["no ipam", (lab) => ({ ...ptpConf(lab), ipam: {} })],
  ["an mtu that no veth has", (lab) => ptpConf(lab, { mtu: 70_000 })],
  ["an mtu that is no number", (lab) => ptpConf(lab, { mtu: "wide" })],
];

/** ADD, CHECK with its result, and DEL by the plugins of `bin`, and what is there after each. */
function life(lab: Lab, bin: string, conf: ReturnType<typeof ptpConf>) {
  const ns = lab.container();
  const call = (verb: "ADD" | "CHECK" | "DEL", more = {}) =>
    lab.call("ptp", verb, { ns, bin, conf: { ...conf, ...more } });
  const added = call("ADD");
  if (added.status !== 0) return { failed: typeof added.json?.msg };
  const after = seen(lab, ns);
  const checks = !/^0\.[123]/.test(conf.cniVersion);
  const checked = checks && call("CHECK", { prevResult: added.json }).status;
  const deleted = call("DEL").status;
  return { result: worded(added.stdout, ns), after, checked, deleted, left: seen(lab, ns), leases: lab.leases() };
}

describe("ptp does as the reference's, with", () => {
  need.each(CASES)("%s", async (_, conf) => {
    const lives = [BIN, REFERENCE].map(async (bin) => {
      let one: object = {};
      await inLab((lab) => {
        one = life(lab, bin, conf(lab));
      })();
      return one;
    });
    const [ours, theirs] = await Promise.all(lives);
    expect(ours).toEqual(theirs as object);
  });
});

need.each([
  [BIN, REFERENCE],
  [REFERENCE, BIN],
])("DEL removes what the other's ADD has made (%s, %s)", async (first, second) => {
  await inLab((lab) => {
    const ns = lab.container();
    const conf = ptpConf(lab, { ipMasq: true, ipMasqBackend: "iptables" });
    lab.add({ ns, conf, bin: first });
    expect(hostEnd(lab)).toBeDefined();
    lab.del({ ns, conf, bin: second });
    expect(hostEnd(lab)).toBeUndefined();
    expect([lab.leases(), lab.rulesNaming("10.77.0.2")]).toEqual([{}, []]);
  })();
});
