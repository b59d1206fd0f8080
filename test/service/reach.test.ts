/** Packets to services, from containers, the host and beyond it, with conntrack -L as the witness. */
import { expect } from "bun:test";
import type { Lab } from "../support/lab.ts";
import { can, namespaces, needs, nftables } from "../support/needs.ts";
import { inPortLab } from "../support/port-net.ts";
import {
  Agent,
  ask,
  askInVain,
  HOST,
  type Member,
  NODE,
  names,
  OUTSIDE,
  openNet,
  seen,
} from "../support/service/net.ts";
import { serviceObject } from "../support/service/objects.ts";
import { dualSlices } from "../support/service/slices.ts";

const needsAll = needs(namespaces, nftables, can("root and conntrack (Debian package conntrack)", "conntrack", "-L"));

const DUAL = { clusterIP: "10.96.0.1", clusterIPs: ["10.96.0.1", "fd96::1"] };
const PORTS = {
  ports: [
    { name: "http", port: 80 },
    { name: "more", port: 81 },
    { name: "dns", port: 53, protocol: "UDP" },
  ],
};
const SLICE_PORTS = [
  { name: "http", port: 8080 },
  { name: "more", port: 8081 },
  { name: "dns", port: 5353, protocol: "UDP" },
];

/** The endpoints of a service, the first on this node, the others on another. */
const slices = (name: string, members: readonly Member[]) =>
  dualSlices(name, members, SLICE_PORTS, (i) => ({ nodeName: i === 0 ? NODE : "n2" }));

const V4 = ["tcp", "10.96.0.1", 80] as const;
const V6 = ["tcp", "fd96::1", 80] as const;
const flows = (lab: Lab) => lab.sh(lab.host, "conntrack", "-L").split("\n");
const flows6 = (lab: Lab) => lab.sh(lab.host, "conntrack", "-L", "-f", "ipv6").split("\n");

needsAll(
  "a service address leads to each endpoint, on each port, in both families, from everywhere",
  inPortLab(async (lab) => {
    const { members, outside } = await openNet(lab, 3);
    const agent = new Agent(lab);
    const [m0, ...backends] = members as [Member, ...Member[]];
    agent.begin(serviceObject("web", { ...DUAL, ...PORTS }), ...slices("web", backends));
    for (const ns of [m0.ns, lab.host, outside.ns]) {
      const answers = await ask(
        ns,
        12,
        V4,
        V6,
        ["tcp", "10.96.0.1", 81],
        ["udp", "10.96.0.1", 53],
        ["udp", "fd96::1", 53],
      );
      expect(names(answers)).toEqual(["m1", "m2"]);
    }
    const seenBy = seen(await ask(outside.ns, 4, V4, V6));
    expect(seenBy).toEqual([OUTSIDE.v4, OUTSIDE.v6].sort());
    const led = /src=192\.0\.2\.2 dst=10\.96\.0\.1 .*dport=80 src=10\.1\.[12]\.2 dst=192\.0\.2\.2 sport=8080/;
    expect(flows(lab).some((flow) => led.test(flow))).toBe(true);
    expect(flows6(lab).some((flow) => /dst=fd96::1 .*dport=53 src=fd01:[12]::2/.test(flow))).toBe(true);
    lab.sh(lab.host, "nft", "list", "ruleset");
  }),
);

needsAll(
  "node ports, external addresses and load balancers, with the node's address where policy is Cluster",
  inPortLab(async (lab) => {
    const { members, outside } = await openNet(lab, 3);
    const agent = new Agent(lab);
    const spec = {
      ...DUAL,
      type: "LoadBalancer",
      ports: PORTS.ports.map((port, i) => ({ ...port, nodePort: 30_080 + i })),
      externalIPs: ["198.51.100.1", "fd98::1"],
      loadBalancerSourceRanges: ["192.0.2.0/25", "10.1.0.0/24", "fd02::/64"],
    };
    const status = { loadBalancer: { ingress: [{ ip: "198.51.100.2" }, { ip: "fd98::2" }] } };
    const [m0, ...backends] = members as [Member, ...Member[]];
    agent.begin(serviceObject("web", spec, status), ...slices("web", backends));
    const node = [
      ["tcp", HOST.v4, 30_080],
      ["tcp", HOST.v6, 30_081],
      ["udp", HOST.v4, 30_082],
    ] as const;
    const external = [
      ["tcp", "198.51.100.1", 80],
      ["tcp", "fd98::1", 80],
    ] as const;
    const balancer = [
      ["tcp", "198.51.100.2", 80],
      ["tcp", "fd98::2", 80],
    ] as const;
    for (const probes of [node, external, balancer]) {
      const answers = await ask(outside.ns, 8, ...probes);
      expect(names(answers)).toEqual(["m1", "m2"]);
      // The host's own, towards the endpoint.
      expect(seen(answers).every((address) => /^10\.1\.[12]\.1$|^fd01:[12]::1$/.test(address))).toBe(true);
    }
    expect(names(await ask(m0.ns, 16, balancer[0]))).toEqual(["m1", "m2"]);
    expect(await askInVain(members[1]?.ns ?? "", ...balancer)).toEqual(["nothing", "nothing"]);
    expect(names(await ask(lab.host, 6, ...node, ...external))).toEqual(["m1", "m2"]);
    expect(await ask(lab.host, 1, ["tcp", "127.0.0.1", 30_080])).toEqual(["refused"]);
    lab.sh(lab.host, "nft", "list", "ruleset");
  }),
);
