/** What becomes of clients when services change, and of the tables when others change them. */
import { expect } from "bun:test";
import { can, namespaces, needs, nftables } from "../support/needs.ts";
import { inPortLab } from "../support/port-net.ts";
import { flowsOf } from "../support/service/flows.ts";
import { Agent, ask, askInVain, HOST, type Member, names, openNet } from "../support/service/net.ts";
import { serviceObject } from "../support/service/objects.ts";
import { dualSlices } from "../support/service/slices.ts";

const needsAll = needs(namespaces, nftables, can("root and conntrack (Debian package conntrack)", "conntrack", "-L"));

const V4 = ["tcp", "10.96.0.1", 80] as const;
const V6 = ["tcp", "fd96::1", 80] as const;
const DUAL = { clusterIP: "10.96.0.1", clusterIPs: ["10.96.0.1", "fd96::1"] };

needsAll(
  "a client stays with its endpoint while that is alive, whoever else goes or comes, and not longer",
  inPortLab(async (lab) => {
    const { members, outside } = await openNet(lab, 3);
    const agent = new Agent(lab);
    const service = serviceObject("web", {
      ...DUAL,
      sessionAffinity: "ClientIP",
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
    });
    agent.begin(service, ...dualSlices("web", members));
    const who = async (probe: typeof V4 | typeof V6) => names(await ask(outside.ns, 6, probe));
    for (const probe of [V4, V6]) {
      const [mine = "", ...others] = await who(probe);
      expect(others).toEqual([]);
      const place = Number(mine.slice(1));
      const without = (gone: number) => members.filter((_, i) => i !== gone);
      // Each neighbour in turn is replaced: places move, the client does not.
      for (const gone of [0, 1, 2].filter((i) => i !== place)) {
        agent.become(service, ...dualSlices("web", without(gone)));
        expect(await who(probe)).toEqual([mine]);
      }
      agent.become(service, ...dualSlices("web", without(place)));
      const [next = "", ...more] = await who(probe);
      expect([next === mine, more]).toEqual([false, []]);
      // That the first is back does not matter.
      agent.become(service, ...dualSlices("web", members));
      expect(await who(probe)).toEqual([next]);
      expect(new Agent(lab).begin(service, ...dualSlices("web", members)).elements).toBe(0);
      expect(await who(probe)).toEqual([next]);
    }
    const table = lab.sh(lab.host, "nft", "list", "map", "ip", "berth-services", "affinity");
    expect(table).toMatch(/192\.0\.2\.2 timeout 1m expires/);
  }),
);

needsAll(
  "a client stays for the time that is given, on whatever way and protocol it comes, and is forgotten then",
  inPortLab(async (lab) => {
    const { members, outside } = await openNet(lab, 3);
    const agent = new Agent(lab);
    const ports = [
      { name: "http", port: 80, nodePort: 30_080 },
      { name: "dns", port: 53, protocol: "UDP" },
    ];
    const affinity = {
      sessionAffinity: "ClientIP",
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 2 } },
    };
    const service = serviceObject("web", { ...DUAL, ...affinity, type: "NodePort", ports });
    const to = [
      { name: "http", port: 8080 },
      { name: "dns", port: 5353, protocol: "UDP" },
    ];
    agent.begin(service, ...dualSlices("web", members, to));
    const remembered = (family: string) =>
      lab.sh(lab.host, "nft", "list", "map", family, "berth-services", "affinity").match(/ timeout 2s /g)?.length ?? 0;
    for (const [own, node] of [
      ["10.96.0.1", HOST.v4],
      ["fd96::1", HOST.v6],
    ] as const) {
      expect(names(await ask(outside.ns, 6, ["tcp", own, 80], ["tcp", node, 30_080]))).toHaveLength(1);
      expect(names(await ask(outside.ns, 8, ["udp", own, 53]))).toHaveLength(1);
    }
    // Each port of the service remembers the client by itself.
    expect(["ip", "ip6"].map(remembered)).toEqual([2, 2]);
    await Bun.sleep(2100);
    expect(["ip", "ip6"].map(remembered)).toEqual([0, 0]);
  }),
);

needsAll(
  "a user's earlier rule keeps winning",
  inPortLab(async (lab) => {
    const { members, outside } = await openNet(lab, 2);
    const [m0, m1] = members as [Member, Member];
    for (const [family, address, to] of [
      ["ip", "10.96.0.1", m1.v4],
      ["ip6", "fd96::1", `[${m1.v6}]`],
    ]) {
      const rule = `${family} daddr ${address} tcp dport 80 dnat to ${to}:8080`;
      const chain = `chain pre { type nat hook prerouting priority dstnat; ${rule}; }`;
      lab.sh(lab.host, "nft", `table ${family} user { ${chain}; }`);
    }
    const agent = new Agent(lab);
    agent.begin(
      serviceObject("web", { ...DUAL, externalIPs: ["198.51.100.1", "fd98::1"] }),
      ...dualSlices("web", [m0]),
    );
    expect(names(await ask(outside.ns, 4, V4, V6))).toEqual(["m1"]);
    expect(names(await ask(outside.ns, 4, ["tcp", "198.51.100.1", 80], ["tcp", "fd98::1", 80]))).toEqual(["m0"]);
    const flows = [...flowsOf(lab, 4), ...flowsOf(lab, 6)].map(({ to, from }) => `${to} ${from}`);
    expect([...new Set(flows)].sort()).toEqual([
      `10.96.0.1 ${m1.v4}`,
      `198.51.100.1 ${m0.v4}`,
      `fd96::1 ${m1.v6}`,
      `fd98::1 ${m0.v6}`,
    ]);
  }),
);

needsAll(
  "an agent that starts again changes only what differs, and connections go on",
  inPortLab(async (lab) => {
    const { members, outside } = await openNet(lab, 3);
    const [m0, m1, m2] = members as [Member, Member, Member];
    const web = serviceObject("web", DUAL);
    const api = serviceObject("api", { clusterIP: "10.96.0.2", clusterIPs: ["10.96.0.2"] });
    new Agent(lab).begin(web, ...dualSlices("web", [m0, m1]), api, ...dualSlices("api", [m2]));
    const elements = () =>
      lab
        .nftj(lab.host)
        .filter((row) => row.map?.name === "services")
        .map((row) => row.map.elem);
    const before = elements();
    expect(new Agent(lab).begin(web, ...dualSlices("web", [m0, m1]), api, ...dualSlices("api", [m2]))).toEqual({
      elements: 0,
      flows: 0,
      repaired: false,
    });
    expect(elements()).toEqual(before);
    // While it was away one endpoint was replaced and a service went.
    const { elements: changed } = new Agent(lab).begin(web, ...dualSlices("web", [m0, m2]));
    // In each family one endpoint less and one more; three of api; and of hairpin two less and one more.
    expect(changed).toBe(2 * 2 + 3 + 3);
    expect(names(await ask(outside.ns, 8, V4, V6))).toEqual(["m0", "m2"]);
    expect(await askInVain(outside.ns, ["tcp", "10.96.0.2", 80])).toEqual(["nothing"]);
  }),
);

needsAll(
  "what others flush, delete or change is noticed and put back",
  inPortLab(async (lab) => {
    const { members, outside } = await openNet(lab, 2);
    const agent = new Agent(lab);
    const { writer } = agent;
    const service = serviceObject("web", { ...DUAL, sessionAffinity: "ClientIP" });
    agent.begin(service, ...dualSlices("web", members));
    expect(writer.look()).toBeUndefined();
    lab.sh(lab.host, "nft", "flush", "ruleset");
    expect(writer.look()?.elements).toBeGreaterThan(5);
    expect(names(await ask(outside.ns, 4, V4, V6))).not.toContain("nothing");
    expect(writer.look()).toBeUndefined();
    // Somebody else's table is nothing to read one's own for, but from then on one cannot be sure.
    lab.sh(lab.host, "nft", "add", "table", "ip", "other");
    expect([writer.look(), writer.isSuspect]).toEqual([undefined, true]);
    lab.sh(lab.host, "nft", "flush", "map", "ip", "berth-services", "live");
    expect(writer.repair().elements).toBe(2);
    expect([writer.look(), writer.isSuspect]).toEqual([undefined, false]);
    // A change finds out by itself.
    lab.sh(lab.host, "nft", "delete", "table", "ip6", "berth-services");
    expect(agent.become(service, ...dualSlices("web", members.slice(1)))).toMatchObject({ repaired: true });
    expect(names(await ask(outside.ns, 4, V4, V6))).toEqual(["m1"]);
    writer.cleanup();
    expect(
      lab
        .nftj(lab.host)
        .filter((row) => row.table)
        .map((row) => row.table.name),
    ).toEqual(["other"]);
  }),
);
