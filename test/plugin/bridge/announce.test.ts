import { expect } from "bun:test";
import { answers } from "../../support/answers.ts";
import { inLab, type Lab } from "../../support/lab.ts";
import { built, namespaces, needs } from "../../support/needs.ts";
import { DUAL_STACK, poolOfOne } from "../../support/pools.ts";

const need = needs(namespaces, built);

const ADDRESSES = ["10.77.0.9", "fd77::9"];

const WITHIN_MS = 100;

/** The MAC address that `ns` believes `address` has; undefined when it knows none. */
function believed(lab: Lab, ns: string, address: string): string | undefined {
  return lab.ipj(ns, "neigh", "show", address).find((entry) => entry.lladdr)?.lladdr;
}

/** A container on the same bridge, its addresses from elsewhere in the subnets. */
function neighbour(lab: Lab): string {
  const ns = lab.container();
  const [v4, v6] = [
    { subnet: "10.77.0.0/24", rangeStart: "10.77.0.100" },
    { subnet: "fd77::/64", rangeStart: "fd77::100" },
  ];
  lab.add({ ns, id: "neighbour", conf: lab.conf({ name: "others", ipam: { ...DUAL_STACK, ranges: [[v4], [v6]] } }) });
  return ns;
}

need.each([
  ["at once", 0],
  ["while the neighbours still confirm the old holder", 400],
])("bridge/ADD announces an address that another container had: given again %s", async (_, pause) => {
  await inLab(async (lab) => {
    const conf = lab.conf({ ipMasq: true, ipam: poolOfOne(9) });
    const seers = [lab.host, neighbour(lab)];
    const [first, second] = [lab.container(), lab.container()];
    const old = lab.add({ ns: first, id: "first", conf }).interfaces[2].mac;
    for (const seer of seers) {
      for (const address of ADDRESSES) {
        expect([seer, address, answers(lab, seer, address)]).toEqual([seer, address, true]);
        expect(believed(lab, seer, address)).toBe(old);
      }
    }
    lab.del({ ns: first, id: "first", conf });
    if (pause) await Bun.sleep(pause);
    const { interfaces } = lab.add({ ns: second, id: "second", conf });
    expect(interfaces[2].mac).not.toBe(old);
    for (const seer of seers) {
      for (const address of ADDRESSES) {
        expect([seer, address, answers(lab, seer, address, WITHIN_MS)]).toEqual([seer, address, true]);
        expect(believed(lab, seer, address)).toBe(interfaces[2].mac);
      }
    }
  })();
});

need(
  "bridge/ADD: a container's own first packet is answered within 100 ms by gateway and neighbour",
  inLab((lab) => {
    neighbour(lab);
    const ns = lab.container();
    lab.add({ ns, conf: lab.conf({ ipam: DUAL_STACK }) });
    for (const address of ["10.77.0.1", "fd77::1", "10.77.0.100", "fd77::100"]) {
      expect([address, answers(lab, ns, address, WITHIN_MS)]).toEqual([address, true]);
    }
  }),
);
