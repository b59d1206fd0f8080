/** Services beside what others have on the machine: packet marks, portmap's ports. */
import { expect } from "bun:test";
import type { Lab } from "../support/lab.ts";
import { built, can, namespaces, needs, nftables } from "../support/needs.ts";
import { attach, inPortLab, portmapConf, serve } from "../support/port-net.ts";
import { flowsOf } from "../support/service/flows.ts";
import { Agent, ask, HOST, type Member, names, openNet } from "../support/service/net.ts";
import { serviceObject } from "../support/service/objects.ts";
import { dualSlices } from "../support/service/slices.ts";

const conntrack = can("root and conntrack (Debian package conntrack)", "conntrack", "-L");

const DUAL = { clusterIP: "10.96.0.1", clusterIPs: ["10.96.0.1", "fd96::1"] };
const EXPOSED = {
  ...DUAL,
  type: "NodePort",
  ports: [{ name: "http", port: 80, nodePort: 30_080 }],
  externalIPs: ["198.51.100.1", "fd98::1"],
};
const EVERYWHERE = [
  ["tcp", "10.96.0.1", 80],
  ["tcp", "fd96::1", 80],
  ["tcp", "198.51.100.1", 80],
  ["tcp", "fd98::1", 80],
  ["tcp", HOST.v4, 30_080],
  ["tcp", HOST.v6, 30_080],
] as const;

/** A user's rules, which mark packets as they come in or are sent, and count by mark what leaves the machine or reaches it. */
const USER = `
table inet user {
  counter own { }
  counter other { }
  counter none { }
  chain count {
    meta mark 0xcafe counter name own return
    meta mark != 0 counter name other return
    counter name none
  }
  chain pre { type filter hook prerouting priority mangle; ip saddr 192.0.2.2 meta mark set 0xcafe; ip6 saddr fd02::2 meta mark set 0xcafe; }
  chain out { type route hook output priority mangle; tcp dport { 80, 30080 } meta mark set 0xcafe; }
  chain post { type filter hook postrouting priority 200; tcp dport 8080 jump count; }
}`;

function packets(lab: Lab): Record<string, number> {
  const counters = lab.nftj(lab.host).flatMap(({ counter }) => (counter ? [[counter.name, counter.packets]] : []));
  return Object.fromEntries(counters);
}

needs(
  namespaces,
  nftables,
  conntrack,
)(
  "a mark that others put on a packet stays, and none of berthd's is left on any",
  inPortLab(async (lab) => {
    const { members, outside } = await openNet(lab, 2);
    const [m0] = members as [Member];
    lab.sh(lab.host, "nft", USER);
    const agent = new Agent(lab);
    for (const affinity of ["None", "ClientIP"]) {
      agent.begin(serviceObject("web", { ...EXPOSED, sessionAffinity: affinity }), ...dualSlices("web", members));
      // Twice: the second time affinity finds what the first has left.
      for (let i = 0; i < 2; i++) {
        const before = packets(lab);
        for (const ns of [outside.ns, lab.host])
          expect(names(await ask(ns, 3, ...EVERYWHERE))).not.toContain("nothing");
        const marked = packets(lab);
        expect(marked).toEqual({ own: expect.any(Number), other: 0, none: before.none ?? 0 });
        expect(marked.own).toBeGreaterThan((before.own ?? 0) + 2 * 3 * EVERYWHERE.length);
        expect(names(await ask(m0.ns, 3, ...EVERYWHERE))).not.toContain("nothing");
        const { own, other, none } = packets(lab);
        expect([own, other]).toEqual([marked.own, 0]);
        expect(none).toBeGreaterThan((marked.none ?? 0) + 3 * EVERYWHERE.length);
      }
    }
    const flows = [...flowsOf(lab, 4), ...flowsOf(lab, 6)];
    expect(flows.length).toBeGreaterThan(6 * EVERYWHERE.length);
    expect(flows.filter(({ mark }) => mark !== 0)).toEqual([]);
  }),
);

needs(
  namespaces,
  nftables,
  conntrack,
  built,
)(
  "a port that portmap maps is portmap's, and the service's again when it is not mapped any more",
  inPortLab(async (lab) => {
    const { members, outside } = await openNet(lab, 1);
    const agent = new Agent(lab);
    agent.begin(serviceObject("web", EXPOSED), ...dualSlices("web", members));
    const mapped = attach(lab, "c1");
    await serve(lab, mapped.ns, "mapped", [8080], []);
    const ports = [{ hostPort: 30_080, containerPort: 8080, protocol: "tcp" }];
    const conf = portmapConf(mapped, ports);
    const call = (verb: "ADD" | "DEL") =>
      expect(lab.call("portmap", verb, { ns: mapped.ns, id: mapped.id, conf }).stderr).toBe("");
    const node = EVERYWHERE.slice(4);
    const others = EVERYWHERE.slice(0, 4);
    expect(names(await ask(outside.ns, 3, ...node))).toEqual(["m0"]);
    call("ADD");
    for (const ns of [outside.ns, lab.host]) {
      expect(names(await ask(ns, 3, ...node))).toEqual(["mapped"]);
      expect(names(await ask(ns, 3, ...others))).toEqual(["m0"]);
    }
    call("DEL");
    expect(names(await ask(outside.ns, 3, ...node))).toEqual(["m0"]);
  }),
);
