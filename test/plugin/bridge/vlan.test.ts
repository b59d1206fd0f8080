/** VLANs on a kernel that does not have them: this machine's may be one. On one that has them: test/vm. */
import { describe, expect } from "bun:test";
import { cniError } from "../../support/cni-error.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, isMet, type Need, namespaces, needs, vlanFiltering } from "../../support/needs.ts";
import { snapshot } from "../../support/snapshot.ts";

const noVlans: Need = { what: "a kernel without CONFIG_BRIDGE_VLAN_FILTERING", met: () => !isMet(vlanFiltering) };
const need = needs(namespaces, built);
const needNone = needs(namespaces, built, noVlans);

const NODE = { CNI_CONTAINERID: "", CNI_NETNS: "", CNI_IFNAME: "" };

describe("bridge/ADD with VLANs that the kernel does not have", () => {
  needNone.each([
    ["no bridge", { vlan: 100 }, "vlan 100", undefined],
    ["a bridge", { vlan: 100, isGateway: false }, "vlan 100", ["ip", "link", "add", "lab0", "type", "bridge"]],
    ["no bridge", { vlanTrunk: [{ id: 5 }, { minID: 7, maxID: 8 }] }, "vlanTrunk [5,7,8]", undefined],
    ["no bridge", { vlanTrunk: [] }, "vlanTrunk []", undefined],
    ["a bridge", { vlan: 100, ipam: {} }, "vlan 100", ["ip", "link", "add", "lab0", "type", "bridge"]],
  ])("names the kernel's option and leaves nothing: %s, %j", async (_, over, field, prepare) => {
    await inLab((lab) => {
      const ns = lab.container();
      if (prepare) lab.sh(lab.host, ...prepare);
      if (prepare) lab.sh(lab.host, "ip", "link", "set", "lab0", "up");
      const before = snapshot(lab, [ns]);
      const reply = lab.call("bridge", "ADD", { ns, conf: lab.conf(over) });
      expect(cniError(reply, field, "CONFIG_BRIDGE_VLAN_FILTERING").code).toBe(2);
      expect(snapshot(lab, [ns])).toEqual(before);
    })();
  });

  needNone.each([
    ["no bridge", { vlan: 100 }, "vlan 100", false],
    ["no bridge", { vlanTrunk: [] }, "vlanTrunk []", false],
    ["a bridge", { vlanTrunk: [{ id: 5 }] }, "vlanTrunk [5]", true],
  ])("is foretold by STATUS, which changes nothing: %s, %j", async (_, over, field, prepared) => {
    await inLab((lab) => {
      if (prepared) lab.sh(lab.host, "ip", "link", "add", "lab0", "type", "bridge");
      const before = snapshot(lab, []);
      const status = (more: object) =>
        lab.call("bridge", "STATUS", { conf: lab.conf({ cniVersion: "1.1.0", ...more }), env: NODE });
      expect(cniError(status(over), field, "CONFIG_BRIDGE_VLAN_FILTERING").code).toBe(50);
      for (const plain of [{}, { vlan: 0 }]) expect(status(plain)).toMatchObject({ status: 0, stdout: "" });
      expect(snapshot(lab, [])).toEqual(before);
    })();
  });

  needNone(
    "goes on where the keys ask for nothing of it",
    inLab((lab) => {
      lab.add({ ns: lab.container(), id: "a", conf: lab.conf() });
      for (const over of [{ vlan: 0 }, { vlanTrunk: null, preserveDefaultVlan: true }, { vlanTrunk: [] }]) {
        const ns = lab.container();
        lab.add({ ns, id: ns, conf: lab.conf(over) });
      }
    }),
  );
});

describe("bridge with VLANs that do not exist", () => {
  need.each([
    [{ vlan: 4095 }, "invalid VLAN ID 4095 (must be between 0 and 4094)"],
    [{ vlanTrunk: [{ minID: 5, maxID: 4 }] }, "minID is greater than maxID in trunk parameter"],
  ])("ADD and CHECK refuse %j, and DEL of what cannot be there succeeds", async (over, message) => {
    await inLab((lab: Lab) => {
      const ns = lab.container();
      const conf = lab.conf({ ...over, prevResult: { cniVersion: "1.0.0", interfaces: [] } });
      for (const verb of ["ADD", "CHECK"] as const) {
        expect(cniError(lab.call("bridge", verb, { ns, conf }), message).code).toBe(7);
      }
      lab.del({ ns, conf });
      expect(lab.leases()).toEqual({});
    })();
  });
});
