import { expect } from "bun:test";
import { answers } from "../support/answers.ts";
import { inLab } from "../support/lab.ts";
import { built, namespaces, needs } from "../support/needs.ts";

const CONTAINERS = 64;

needs(namespaces, built)(
  `bridge/ADD of ${CONTAINERS} containers at once, with no bridge yet, makes one; DEL of all leaves nothing`,
  inLab(async (lab) => {
    const conf = lab.conf({ ipMasq: true });
    const guests = Array.from({ length: CONTAINERS }, (_, i) => ({ ns: lab.container(), id: `b${i}`, conf }));
    const added = await Promise.all(guests.map((guest) => lab.start("bridge", "ADD", guest).reply));
    expect(added.filter(({ status }) => status !== 0)).toEqual([]);
    const results = added.map(({ json }) => json);
    expect(new Set(results.map(({ ips }) => ips[0].address)).size).toBe(CONTAINERS);
    const [bridge] = lab.ipj(lab.host, "link", "show", "dev", "lab0");
    expect(new Set(results.map(({ interfaces }) => interfaces[0].mac))).toEqual(new Set([bridge.address]));
    expect(lab.addrs(lab.host, "lab0")).toEqual(["10.77.0.1/24"]);
    expect([Object.keys(lab.leases()).length, lab.ports().length]).toEqual([CONTAINERS, CONTAINERS]);
    const rules = lab.nftj(lab.host).filter((row) => row.rule);
    expect(rules.length).toBe(1);
    const [first, last] = [guests[0], guests[CONTAINERS - 1]];
    expect(answers(lab, first?.ns ?? "", results[CONTAINERS - 1].ips[0].address)).toBe(true);
    expect(answers(lab, last?.ns ?? "", "10.77.0.1")).toBe(true);

    const deleted = await Promise.all(guests.map((guest) => lab.start("bridge", "DEL", guest).reply));
    expect(deleted.filter(({ status, stdout }) => status !== 0 || stdout !== "")).toEqual([]);
    expect([lab.leases(), lab.ports()]).toEqual([{}, []]);
    expect(lab.nftj(lab.host).flatMap((row) => row.set?.elem ?? [])).toEqual([]);
  }),
);
