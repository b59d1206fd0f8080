/** Packets to services, from containers, the host and beyond it, with conntrack -L as the witness. */
import { expect } from "bun:test";
import { type Prefix, parsePrefix } from "../../src/base/ip.ts";
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
import { serviceObject, sliceObject } from "../support/service/objects.ts";

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

/** The slices of a service's endpoints in both families, the first on this node, the others on another. */
function slices(name: string, members: readonly Member[]) {
  const of = (family: "v4" | "v6", suffix: string, addressType: string) => ({
    ...sliceObject(
      name,
      members.map((member, i) => ({ addresses: [member[family]], nodeName: i === 0 ? NODE : "n2" })),
    ),
    metadata: { name: `${name}-${suffix}`, namespace: "default", labels: { "kubernetes.io/service-name": name } },
    addressType,
    ports: SLICE_PORTS,
  });
  return [of("v4", "4", "IPv4"), of("v6", "6", "IPv6")];
}

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

needsAll(
  "policy Local leads outsiders to this node's endpoints and shows them the client, and insiders to all",
  inPortLab(async (lab) => {
    const { members, outside } = await openNet(lab, 2);
    const agent = new Agent(lab);
    const spec = {
      ...DUAL,
      type: "NodePort",
      ports: [{ name: "http", port: 80, nodePort: 30_080 }],
      externalIPs: ["198.51.100.1"],
      externalTrafficPolicy: "Local",
    };
    const external = [
      ["tcp", "198.51.100.1", 80],
      ["tcp", HOST.v4, 30_080],
      ["tcp", HOST.v6, 30_080],
    ] as const;
    agent.begin(serviceObject("web", spec), ...slices("web", members));
    const answers = await ask(outside.ns, 8, ...external);
    expect(names(answers)).toEqual(["m0"]);
    expect(seen(answers)).toEqual([OUTSIDE.v4, OUTSIDE.v6].sort());
    expect(names(await ask(lab.host, 12, ...external))).toEqual(["m0", "m1"]);
    expect(names(await ask(outside.ns, 20, V4))).toEqual(["m0", "m1"]);
    // None on this node: who sent it here is to notice.
    const [, far] = members as [Member, Member];
    const elsewhere = slices("web", [far, far]).map((slice) => ({ ...slice, endpoints: slice.endpoints.slice(1) }));
    agent.become(serviceObject("web", spec), ...elsewhere);
    expect(await askInVain(outside.ns, ...external)).toEqual(["nothing", "nothing", "nothing"]);
    expect(names(await ask(lab.host, 4, ...external))).toEqual(["m1"]);
    agent.become(serviceObject("web", { ...spec, internalTrafficPolicy: "Local" }), ...slices("web", members));
    expect(names(await ask(outside.ns, 12, V4, V6))).toEqual(["m0"]);
  }),
);

needsAll(
  "where the node's containers are known, what comes from elsewhere is masqueraded, and they are led past policy Local",
  inPortLab(async (lab) => {
    const { members, outside } = await openNet(lab, 2);
    const [m0, m1] = members as [Member, Member];
    const containers = ["10.1.0.0/16", "fd01::/32"].map((text) => parsePrefix(text) as Prefix);
    const agent = new Agent(lab, { containers });
    const local = { ...DUAL, externalIPs: ["198.51.100.1"], externalTrafficPolicy: "Local" };
    // The only endpoint is on another node, as the slice has it.
    const far = slices("web", [m0, m1]).map((slice) => ({ ...slice, endpoints: slice.endpoints.slice(1) }));
    agent.begin(serviceObject("web", local), ...far);
    expect(await ask(outside.ns, 1, V4, V6)).toEqual(["m1 10.1.1.1", "m1 fd01:1::1"]);
    expect(await askInVain(outside.ns, ["tcp", "198.51.100.1", 80])).toEqual(["nothing"]);
    expect(await ask(m0.ns, 1, V4, V6, ["tcp", "198.51.100.1", 80])).toEqual([
      "m1 10.1.0.2",
      "m1 fd01::2",
      "m1 10.1.0.2",
    ]);
    const all = new Agent(lab, { masqueradeAll: true });
    all.begin(serviceObject("web", local), ...far);
    expect(await ask(m0.ns, 1, V4, V6)).toEqual(["m1 10.1.1.1", "m1 fd01:1::1"]);
    lab.sh(lab.host, "nft", "list", "ruleset");
  }),
);

needsAll(
  "a container reaches itself through its service, and one without endpoints refuses at once",
  inPortLab(async (lab) => {
    const { members, outside } = await openNet(lab, 1);
    const [m0] = members as [Member];
    const agent = new Agent(lab);
    agent.begin(serviceObject("web", { ...DUAL, ...PORTS }), ...slices("web", members));
    expect(await ask(m0.ns, 1, V4, V6, ["udp", "10.96.0.1", 53])).toEqual(["m0 10.1.0.1", "m0 fd01::1", "m0 10.1.0.1"]);
    agent.become(serviceObject("web", { ...DUAL, ...PORTS }));
    for (const ns of [m0.ns, lab.host, outside.ns]) {
      expect(await ask(ns, 1, V4, V6)).toEqual(["refused", "refused"]);
    }
    // Of unreachable destinations only who asks in a connection of its own is told.
    const udp = (address: string) => lab.attempt(outside.ns, "python3", "-c", CONNECTED, address).stdout.trim();
    expect([udp("10.96.0.1"), udp("fd96::1")]).toEqual(["refused", "refused"]);
  }),
);

const CONNECTED = `
import socket, sys
address = sys.argv[1]
s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(2)
s.connect((address, 53))
s.send(b"?")
try:
    print(s.recv(100))
except ConnectionRefusedError:
    print("refused")
except TimeoutError:
    print("nothing")
`;
