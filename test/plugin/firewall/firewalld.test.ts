/** The backend firewalld beside the reference's, on a bus of the test's own. */
import { expect } from "bun:test";
import { cniError } from "../../support/cni-error.ts";
import { dbus, withFirewalld } from "../../support/firewalld.ts";
import { filterRules, firewallConf, ownRules, resultOf } from "../../support/firewalled.ts";
import { inLab } from "../../support/lab.ts";
import { built, can, namespaces, needs, REFERENCE, reference } from "../../support/needs.ts";

const iptables = can("root and iptables", "iptables", "-t", "filter", "-S");
const need = needs(namespaces, built, reference, iptables, dbus);

const BOTH = ["10.1.2.3/32", "fd00::3/128"];

need(
  "addresses are sources of the zone, where firewalld is asked for or runs; DEL takes them out",
  inLab(async (lab) => {
    const ns = lab.container();
    await withFirewalld(lab, ({ env, zones }) => {
      for (const bin of [lab.bin, REFERENCE]) {
        for (const over of [{ backend: "firewalld" }, {}, { backend: "", firewalldZone: "public" }]) {
          const call = { ns, conf: firewallConf(over), env, bin };
          const zone = over.firewalldZone ?? "trusted";
          lab.add(call);
          lab.add(call);
          expect(zones()[zone]).toEqual(BOTH);
          expect(lab.call("firewall", "CHECK", { ...call, bin: lab.bin })).toMatchObject({ status: 0, stdout: "" });
          lab.del(call);
          lab.del(call);
          expect(zones()).toEqual({ trusted: [], public: [] });
          expect(ownRules(filterRules(lab))).toEqual([]);
        }
      }
    });
  }),
);

need(
  "iptables is used where it is asked for or firewalld does not run; with firewalld it isolates bridges alone",
  inLab(async (lab) => {
    const ns = lab.container();
    await withFirewalld(lab, async ({ env, zones, stop }) => {
      const call = (over: object) => ({ ns, conf: firewallConf(over), env });
      lab.add(call({ ingressPolicy: "isolated" }));
      expect(zones().trusted).toEqual(BOTH);
      const rules = ownRules(filterRules(lab));
      expect(rules.filter((line) => line.includes("-A CNI-FORWARD"))).toEqual([]);
      expect(rules.filter((line) => line.includes("ISOLATION"))).toHaveLength(6);
      expect(lab.call("firewall", "CHECK", call({ ingressPolicy: "isolated" }))).toMatchObject({
        status: 0,
        stdout: "",
      });
      lab.del(call({ ingressPolicy: "isolated" }));
      expect(ownRules(filterRules(lab))).toEqual([]);
      lab.add(call({ backend: "iptables" }));
      expect(zones().trusted).toEqual([]);
      await stop();
      lab.del(call({ backend: "firewalld" }));
      expect(ownRules(filterRules(lab))).toEqual([]);
      lab.add(call({}));
      expect(ownRules(filterRules(lab)).length).toBeGreaterThan(0);
      cniError(lab.call("firewall", "ADD", call({ backend: "firewalld" })), "failed to add the address 10.1.2.3/32");
    });
  }),
);

need(
  "an ADD that firewalld refuses leaves nothing, CHECK sees an address that is gone, and who has no bus is told so",
  inLab(async (lab) => {
    const ns = lab.container();
    await withFirewalld(lab, ({ env, zones }) => {
      const zone = { backend: "firewalld", firewalldZone: "public" };
      const other = { ns, id: "other", conf: firewallConf(zone, resultOf("br0", BOTH[1] ?? "")), env };
      lab.add(other);
      const isolated = { ns, conf: firewallConf({ backend: "firewalld", ingressPolicy: "isolated" }), env };
      cniError(lab.call("firewall", "ADD", isolated), "ZONE_CONFLICT", "fd00::3/128", "trusted zone");
      expect(zones()).toEqual({ trusted: [], public: [BOTH[1] ?? ""] });
      expect(ownRules(filterRules(lab))).toEqual([]);
      cniError(lab.call("firewall", "CHECK", isolated), "10.1.2.3/32 is not in trusted zone");
      cniError(lab.call("firewall", "ADD", { ns, conf: firewallConf({ firewalldZone: "none" }), env }), "INVALID_ZONE");
      lab.del({ ns, conf: firewallConf({ firewalldZone: "none" }), env });
    });
    const env = { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${lab.dir}/none` };
    const asked = { ns, conf: firewallConf({ backend: "firewalld", cniVersion: "1.1.0" }), env };
    cniError(lab.call("firewall", "ADD", asked), "firewalld cannot be asked", "start firewalld");
    expect(cniError(lab.call("firewall", "STATUS", asked), "firewalld cannot be asked").code).toBe(50);
    lab.del(asked);
  }),
);
