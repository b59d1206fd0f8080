/** The rules beside the reference's: the same to the letter, and each plugin removes the other's. */
import { expect } from "bun:test";
import { asReference, filterRules, firewallConf, ownRules, resultOf, TWO } from "../../support/firewalled.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, can, namespaces, needs, REFERENCE, reference } from "../../support/needs.ts";

const iptables = can("root and iptables", "iptables", "-t", "filter", "-S");
const need = needs(namespaces, built, reference, iptables);

type Step = [id: string, over: object, bridge?: string, addresses?: string[]];

const SEQUENCES: [string, Step[]][] = [
  ["as it is", [["one", {}]]],
  ["of one family", [["one", {}, "br0", ["10.1.2.3/24"]]]],
  [
    "with an admin chain of its own",
    [
      ["one", { iptablesAdminChainName: "NOMAD-ADMIN" }],
      ["two", {}, "br0", ["10.1.2.4/24"]],
    ],
  ],
  ["same-bridge", [["one", { ingressPolicy: "same-bridge" }]]],
  ["isolated", [["one", { ingressPolicy: "isolated" }]]],
  [
    "isolated after open, on two bridges",
    [
      ["one", {}],
      ["two", { ingressPolicy: "isolated" }, "br1", ["10.1.3.3/24", "fd01::3/64"]],
      ["three", { ingressPolicy: "same-bridge" }, "br2", ["10.1.4.3/24"]],
    ],
  ],
  ["with several addresses, one twice", [["one", {}, "br0", ["10.1.2.3/24", "10.1.2.4/24", "10.1.2.3/16", ...TWO]]]],
];

const callOf = (lab: Lab, [id, over, bridge = "br0", addresses = TWO]: Step) => ({
  ns: lab.container(),
  id,
  conf: firewallConf(over, resultOf(bridge, ...addresses)),
});

need.each(SEQUENCES)(
  "iptables-save prints what the reference's rules print, %s, and DEL leaves the same",
  async (_, steps) => {
    const side = async (bin: string | undefined) => {
      const found: string[][] = [];
      await inLab((lab) => {
        const calls = steps.map((step) => ({ ...callOf(lab, step), ...(bin && { bin }) }));
        for (const call of calls) {
          lab.add(call);
          found.push(asReference(filterRules(lab)));
          expect(lab.call("firewall", "CHECK", call)).toMatchObject({ status: 0, stdout: "" });
        }
        for (const call of calls) lab.del(call);
        // The reference leaves the rules of bridges.
        found.push(asReference(filterRules(lab)).filter((line) => !/ -o br\d /.test(line)));
      })();
      return found;
    };
    expect(await side(undefined)).toEqual(await side(REFERENCE));
  },
);

need(
  "each plugin's DEL removes the other's rules, and berth's CHECK accepts them",
  inLab((lab) => {
    const step: Step = ["one", { ingressPolicy: "same-bridge" }];
    const call = callOf(lab, step);
    const theirs = { ...call, bin: REFERENCE };
    lab.add(theirs);
    expect(lab.call("firewall", "CHECK", call)).toMatchObject({ status: 0, stdout: "" });
    lab.del(call);
    expect(ownRules(filterRules(lab))).toEqual([]);
    lab.add(call);
    expect(lab.call("firewall", "CHECK", theirs)).toMatchObject({ status: 0, stdout: "" });
    lab.del(theirs);
    const left = ownRules(asReference(filterRules(lab)));
    expect(left.filter((line) => !line.includes("-o br0"))).toEqual([]);
    lab.del(call);
    expect(ownRules(filterRules(lab))).toEqual([]);
  }),
);

need(
  "an address that the reference has given somebody keeps its bridge's rules, and a DEL that comes late another's",
  inLab((lab) => {
    const policy = { ingressPolicy: "isolated" };
    const theirs = { ...callOf(lab, ["theirs", policy, "br0", ["10.1.2.9/24"]]), bin: REFERENCE };
    const one = callOf(lab, ["one", policy, "br0", ["10.1.2.3/24"]]);
    const two = { ...callOf(lab, ["two", policy, "br0", ["10.1.2.3/24"]]) };
    lab.add(theirs);
    const before = ownRules(filterRules(lab));
    lab.add(one);
    lab.del(one);
    expect(ownRules(filterRules(lab))).toEqual(before);
    lab.add(two);
    const both = filterRules(lab);
    lab.del(one);
    expect(filterRules(lab)).toEqual(both);
  }),
);
