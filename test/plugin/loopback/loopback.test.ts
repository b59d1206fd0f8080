import { describe, expect } from "bun:test";
import { answers } from "../../support/answers.ts";
import { cniError } from "../../support/cni-error.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, namespaces, needs } from "../../support/needs.ts";

const need = needs(namespaces, built);

/** As containerd calls it for every pod. */
const CONF = { cniVersion: "0.3.1", name: "cni-loopback", type: "loopback" };

const isUp = (lab: Lab, ns: string): boolean => lab.ipj(ns, "link", "show", "dev", "lo")[0].flags.includes("UP");

describe("loopback", () => {
  need(
    "ADD sets lo up, DEL down, again and again",
    inLab((lab) => {
      const ns = lab.container();
      const options = { ns, ifname: "lo", conf: CONF };
      for (const _ of [1, 2]) {
        const result = lab.add(options);
        expect(result.interfaces).toEqual([{ name: "lo", mac: "00:00:00:00:00:00", sandbox: `/run/netns/${ns}` }]);
        expect(result.ips[0]).toEqual({ version: "4", interface: 0, address: "127.0.0.1/8" });
        expect(isUp(lab, ns)).toBe(true);
      }
      expect(["127.0.0.1", "::1"].map((address) => answers(lab, ns, address))).toEqual([true, true]);
      for (const _ of [1, 2]) {
        lab.del(options);
        expect(isUp(lab, ns)).toBe(false);
      }
    }),
  );

  need(
    "ADD does not look at keys that are not its own",
    inLab((lab) => {
      const foreign = { runtimeConfig: [], args: 5, ipam: { type: "../host-local" } };
      lab.add({ ns: lab.container(), ifname: "lo", conf: { ...CONF, ...foreign } });
    }),
  );

  need(
    "CHECK passes while lo is up",
    inLab((lab) => {
      const ns = lab.container();
      const conf = { ...CONF, cniVersion: "1.0.0" };
      const prevResult = lab.add({ ns, conf });
      const check = () => lab.call("loopback", "CHECK", { ns, conf: { ...conf, prevResult } });
      expect(check()).toMatchObject({ status: 0, stdout: "" });
      lab.sh(ns, "ip", "link", "set", "lo", "down");
      cniError(check(), "loopback interface is down");
    }),
  );

  need(
    "ADD in a list passes on the result of the plugin before",
    inLab((lab) => {
      const ns = lab.container();
      const prevResult = { cniVersion: "1.0.0", ips: [{ address: "10.1.2.3/24" }] };
      expect(lab.add({ ns, conf: { ...CONF, cniVersion: "1.0.0", prevResult } })).toEqual(prevResult);
      expect(isUp(lab, ns)).toBe(true);
    }),
  );

  need(
    "DEL of a namespace that is gone succeeds, ADD does not",
    inLab((lab) => {
      for (const ns of ["", "/run/netns/never-was"]) lab.del({ ns, conf: CONF });
      cniError(lab.call("loopback", "ADD", { ns: "/run/netns/never-was", conf: CONF }), "/run/netns/never-was");
    }),
  );
});
