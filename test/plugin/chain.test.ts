import { describe, expect } from "bun:test";
import { cniError } from "../support/cni-error.ts";
import { inLab } from "../support/lab.ts";
import { BIN, built, namespaces, needs, REFERENCE, reference } from "../support/needs.ts";
import { DUAL_STACK } from "../support/pools.ts";

const MAC = "02:00:00:00:00:77";

describe("bridge in a list with tuning after it", () => {
  needs(namespaces, built, reference).each([
    ["berth's", BIN],
    ["the reference's", REFERENCE],
  ])("CHECK raises no false alarm over a changed MAC address and MTU, and still sees damage: %s", async (_, bin) => {
    await inLab((lab) => {
      const ns = lab.container();
      const bridge = lab.conf({ ipMasq: true, ipam: DUAL_STACK });
      const { cniVersion, name } = bridge;
      const tuning = { cniVersion, name, type: "tuning", mac: MAC, mtu: 1400, dataDir: lab.dir };
      const first = lab.add({ ns, conf: bridge });
      const last = lab.add({ ns, conf: { ...tuning, prevResult: first }, bin });
      expect(last.interfaces[2].mac).toBe(MAC);
      expect(lab.ipj(ns, "link", "show", "dev", "eth0")[0]).toMatchObject({ address: MAC, mtu: 1400 });

      const check = () => lab.call("bridge", "CHECK", { ns, conf: { ...bridge, prevResult: last } });
      expect(check()).toMatchObject({ status: 0, stdout: "" });
      lab.sh(ns, "ip", "link", "set", "eth0", "address", "02:00:00:00:00:01");
      cniError(check(), "eth0", "02:00:00:00:00:01");

      lab.del({ ns, conf: { ...tuning, prevResult: last }, bin });
      lab.del({ ns, conf: { ...bridge, prevResult: last } });
      expect([lab.leases(), lab.ports()]).toEqual([{}, []]);
    })();
  });
});
