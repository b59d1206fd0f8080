import { describe, expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, namespaces, needs } from "../../support/needs.ts";
import { DUAL_STACK } from "../../support/pools.ts";
import { snapshot } from "../../support/snapshot.ts";

const need = needs(namespaces, built);

const masqueraded = (lab: Lab) => lab.conf({ ipMasq: true, ipam: DUAL_STACK });

/** The addresses in berth's sets. */
function elements(lab: Lab): string[] {
  return lab
    .nftj(lab.host)
    .flatMap((row) => (row.set?.elem ?? []).map(({ elem }: { elem: { val: string } }) => elem.val));
}

/** What one attachment leaves, asked of kernel and disk. */
const remains = (lab: Lab) => ({ ports: lab.ports(), leases: lab.leases(), elements: elements(lab) });
const NOTHING = { ports: [], leases: {}, elements: [] };

describe("bridge/DEL", () => {
  need(
    "removes link, rules and leases, says nothing, and does so again and again",
    inLab((lab) => {
      const conf = masqueraded(lab);
      const ns = lab.container();
      const prevResult = lab.add({ ns, conf });
      expect(elements(lab)).toEqual(["10.77.0.2", "fd77::2"]);
      for (const again of [{ ...conf, prevResult }, conf, conf]) {
        expect(lab.call("bridge", "DEL", { ns, conf: again })).toMatchObject({ status: 0, stdout: "", stderr: "" });
        expect(remains(lab)).toEqual(NOTHING);
      }
      expect(lab.ipj(ns, "link").map(({ ifname }) => ifname)).toEqual(["lo"]);
    }),
  );

  need(
    "of an unknown attachment succeeds and touches no other",
    inLab((lab) => {
      const conf = masqueraded(lab);
      const ns = lab.container();
      lab.add({ ns, conf });
      const before = snapshot(lab, [ns]);
      lab.del({ ns: lab.container(), id: "never-seen", conf });
      lab.del({ ns: "", id: "cid-1", ifname: "eth7", conf });
      expect(snapshot(lab, [ns])).toEqual(before);
    }),
  );

  need("on a machine that no network was on leaves it as it was", async () => {
    await inLab((lab) => {
      const ns = lab.container();
      const before = snapshot(lab, [ns]);
      lab.del({ ns, conf: masqueraded(lab) });
      const { namespaces: links, rules } = snapshot(lab, [ns]);
      expect({ links, rules }).toEqual({ links: before.namespaces, rules: before.rules });
    })();
  });

  need.each([
    ["an empty CNI_NETNS", ""],
    ["no CNI_NETNS", undefined],
  ])("with %s while the namespace lives", async (_, ns) => {
    await inLab((lab) => {
      const conf = masqueraded(lab);
      const container = lab.container();
      lab.add({ ns: container, conf });
      lab.del({ ...(ns !== undefined && { ns }), conf });
      expect(remains(lab)).toEqual(NOTHING);
      expect(lab.ipj(container, "link").map(({ ifname }) => ifname)).toEqual(["lo"]);
    })();
  });

  need(
    "of a namespace that has vanished, with and without prevResult",
    inLab((lab) => {
      const conf = masqueraded(lab);
      for (const withResult of [true, false]) {
        const ns = lab.container();
        const prevResult = lab.add({ ns, conf });
        lab.sh(lab.host, "ip", "netns", "del", ns);
        lab.del({ ns, conf: withResult ? { ...conf, prevResult } : conf });
        expect(remains(lab)).toEqual(NOTHING);
      }
    }),
  );

  need(
    "with a plain file as CNI_NETNS takes the namespace as gone",
    inLab((lab) => {
      const conf = masqueraded(lab);
      const ns = lab.container();
      lab.add({ ns, conf });
      const file = join(lab.dir, "file");
      writeFileSync(file, "no namespace");
      const { status, stdout, stderr } = lab.call("bridge", "DEL", { ns: file, conf });
      expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
      expect(stderr).toContain(file);
      expect(remains(lab)).toEqual(NOTHING);
    }),
  );

  need(
    "with the plugin's own namespace as CNI_NETNS deletes nothing in it by name",
    inLab((lab) => {
      const conf = masqueraded(lab);
      const ns = lab.container();
      lab.add({ ns, conf });
      // The host's own interface has the name that the container's has.
      lab.sh(lab.host, "ip", "link", "add", "eth0", "type", "veth", "peer", "name", "uplink");
      const { status, stderr } = lab.call("bridge", "DEL", { ns: lab.host, conf });
      expect(status).toBe(0);
      expect(stderr).toContain("own namespace");
      expect(
        lab
          .ipj(lab.host, "link")
          .map(({ ifname }) => ifname)
          .sort(),
      ).toEqual(["eth0", "lab0", "lo", "uplink"]);
      expect(remains(lab)).toEqual(NOTHING);
    }),
  );

  need(
    "with a configuration that ADD refuses still frees what is there",
    inLab((lab) => {
      const conf = masqueraded(lab);
      const ns = lab.container();
      lab.add({ ns, conf });
      const ipam = { ...DUAL_STACK, ranges: [[{ subnet: "10.77.0.0/33" }]] };
      lab.del({ ns, conf: lab.conf({ ipMasq: true, vlan: 9999, ipam }) });
      expect(remains(lab)).toEqual(NOTHING);
    }),
  );

  need(
    "frees what an ADD that was killed half-way left",
    inLab((lab) => {
      // As after a kill between the link and its alias: a port without alias, a lease, nothing else.
      const ns = lab.container();
      const { interfaces } = lab.add({ ns });
      lab.sh(lab.host, "ip", "link", "set", interfaces[1].name, "alias", "");
      lab.del({ ns: "" });
      expect(remains(lab)).toEqual(NOTHING);
    }),
  );

  need(
    "after the address was given to another network's container leaves that alone",
    inLab((lab) => {
      const other = lab.conf({ name: "other", bridge: "lab9", ipMasq: true });
      const [a, b] = [lab.container(), lab.container()];
      lab.add({ ns: a, conf: lab.conf({ ipMasq: true }) });
      lab.add({ ns: b, conf: other });
      lab.del({ ns: a, conf: lab.conf({ ipMasq: true }) });
      expect([elements(lab), lab.ports("lab9").length, lab.addrs(b)]).toEqual([["10.77.0.2"], 1, ["10.77.0.2/24"]]);
    }),
  );
});
