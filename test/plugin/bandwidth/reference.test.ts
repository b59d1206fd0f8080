/** bandwidth beside the reference's: results, qdiscs, devices, CHECK, and DEL of what the other has made. */
import { describe, expect } from "bun:test";
import { inLab, type Lab } from "../../support/lab.ts";
import { BIN, built, linkKind, namespaces, needs, REFERENCE, reference } from "../../support/needs.ts";
import { guest, LIMITS, redirections, shaping, shapingConf } from "../../support/shaped.ts";

const need = needs(namespaces, built, linkKind("veth"), linkKind("ifb"), reference);

const { ingressRate, ingressBurst, egressRate, egressBurst } = LIMITS;
const INTERFACES = [{ name: "vport0" }, { name: "eth0", sandbox: "/run/netns/c" }];
type Case = [what: string, over: object];
const CASES: Case[] = [
  ["both directions", LIMITS],
  ["ingress alone", { ingressRate, ingressBurst }],
  ["egress alone", { egressRate, egressBurst }],
  ["the runtime's", { runtimeConfig: { bandwidth: LIMITS } }],
  ["the runtime's, of which its own count nothing", { ingressRate: 0, runtimeConfig: { bandwidth: LIMITS } }],
  ["other letters", { INGRESSRATE: ingressRate, ingressburst: ingressBurst }],
  ["the burst of Kubernetes", { egressRate: 1_000_000, egressBurst: 2_147_483_647 }],
  ["a burst whose time 32 bits do not hold", { egressRate: 8000, egressBurst: 2_147_483_647 }],
  ["a rate that 32 bits do not hold", { ingressRate: 80_000_000_000, ingressBurst: 34_359_738_352 }],
  ["an odd rate", { ingressRate: 1_000_003, ingressBurst: 123_457 }],
  ["the least", { ingressRate: 8, ingressBurst: 8 }],
  ["nothing", {}],
  ["zeros", { ingressRate: 0, ingressBurst: 0, egressRate: 0, egressBurst: 0 }],
  ["version 0.3.0", { ...LIMITS, cniVersion: "0.3.0", prevResult: { interfaces: INTERFACES } }],
  ["version 0.4.0", { ...LIMITS, cniVersion: "0.4.0", prevResult: { interfaces: INTERFACES } }],
  ["version 0.2.0", { ...LIMITS, cniVersion: "0.2.0", prevResult: { ip4: { ip: "10.1.2.3/24" } } }],
  ["unknown keys in prevResult", { ...LIMITS, prevResult: { cniVersion: "1.0.0", x: 1, interfaces: INTERFACES } }],
  ["prevResult of a later version", { ...LIMITS, prevResult: { cniVersion: "1.1.0", interfaces: INTERFACES } }],
  ["prevResult of an older version", { ...LIMITS, prevResult: { cniVersion: "0.4.0", interfaces: INTERFACES } }],
  ["no prevResult", { ...LIMITS, prevResult: undefined }],
  ["no interfaces", { ...LIMITS, prevResult: {} }],
  ["another host's end", { ...LIMITS, prevResult: { interfaces: [{ name: "x" }, INTERFACES[1]] } }],
  ["a rate without a burst", { ingressRate }],
  ["a burst without a rate", { egressBurst }],
  ["a burst of 4 GiB", { ingressRate, ingressBurst: 34_359_738_360 }],
  ["less than a byte", { ingressRate: 4, ingressBurst: 8 }],
  ["a negative rate", { ingressRate: -8, ingressBurst: 8 }],
  ["a text", { ingressRate: "8M", ingressBurst: 8 }],
];

/** ADD, CHECK with its result, ADD again, and DEL by the plugin of `bin`, and what is there after each. */
function life(lab: Lab, bin: string, over: object) {
  const ns = guest(lab);
  const call = (verb: "ADD" | "CHECK" | "DEL", more = {}) =>
    lab.call("bandwidth", verb, { ns, bin, conf: { ...shapingConf(over), ...more } });
  const added = call("ADD");
  if (added.status !== 0) return { failed: typeof added.json?.msg };
  const after = shaping(lab);
  const result = added.stdout.replace(/([0-9a-f]{2}:){5}[0-9a-f]{2}/g, "(MAC)");
  const checked = call("CHECK", { prevResult: added.json }).status;
  return { result, after, checked, deleted: call("DEL").status, left: shaping(lab) };
}

describe("bandwidth does as the reference's, with", () => {
  need.each(CASES)("%s", async (_, over) => {
    const lives: object[] = [];
    for (const bin of [BIN, REFERENCE]) await inLab((lab) => void lives.push(life(lab, bin, over)))();
    expect(lives[0]).toEqual(lives[1]);
  });

  need.each([
    [BIN, REFERENCE],
    [REFERENCE, BIN],
  ])("CHECK and DEL of what the other's ADD has made (%s, %s)", async (first, second) => {
    await inLab((lab) => {
      const ns = guest(lab);
      const prevResult = lab.add({ ns, conf: shapingConf(LIMITS), bin: first });
      expect(new Set(redirections(lab))).toEqual(new Set([shaping(lab).ifbs[0].ifname]));
      const check = lab.call("bandwidth", "CHECK", { ns, conf: shapingConf({ ...LIMITS, prevResult }), bin: second });
      expect(check.status).toBe(0);
      lab.del({ conf: shapingConf(), bin: second });
      expect(shaping(lab).ifbs).toEqual([]);
    })();
  });
});
