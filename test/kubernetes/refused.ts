/** What the API server refuses of Services and EndpointSlices, and what berthd says to it. */
import { readDocument } from "../../src/service/schema/read.ts";
import { serviceObject, sliceObject } from "../support/service/objects.ts";
import type { Cluster } from "./cluster.ts";
import { fresh } from "./fresh.ts";

const port = (over: object = {}) => ({ name: "http", port: 80, protocol: "TCP", ...over });
const service = (spec: object) => fresh(serviceObject("web", { ports: [port()], ...spec }));
const ports = (...list: object[]) => service({ ports: list });
const slice = (over: object, endpoints: Parameters<typeof sliceObject>[1] = ["10.1.0.2"]) =>
  fresh(sliceObject("web", endpoints, over));
const endpoint = (over: object) => slice({ endpoints: [{ addresses: ["10.1.0.2"], ...over }] });
const named = (name: string, namespace = "default") => ({ ...service({}), metadata: { name, namespace } });
const CLIENT = { sessionAffinity: "ClientIP" };
const OUTER = { type: "LoadBalancer" };

/** Why one of both takes what the other refuses. */
const WHY = {
  range: "which addresses and node ports there are is each cluster's own",
  later: "berthd takes what Kubernetes may come to know for none",
  nowhere: "it has no effect where nobody comes from outside",
  passed: "it is about what berthd passes over",
  old: "older clusters took it, and have it",
  limit: "a limit of what Kubernetes stores in one object",
  number: "no packet has such a port, so it is a mistake",
  named: "the API server fills in an empty one",
} as const;

export interface Refusal {
  readonly what: string;
  readonly object: object;
  /** Why berthd, or the API server, takes it; absent: both refuse it. */
  readonly taken?: keyof typeof WHY;
  readonly takenThere?: keyof typeof WHY;
}

export const REFUSALS: readonly Refusal[] = [
  { what: "port 0", object: ports(port({ port: 0 })) },
  { what: "port 65536", object: ports(port({ port: 65_536 })) },
  { what: "a port as text", object: ports(port({ port: "80" })) },
  { what: "a port that is no whole number", object: ports(port({ port: 80.5 })) },
  { what: "protocol tcp", object: ports(port({ protocol: "tcp" })) },
  { what: "protocol ICMP", object: ports(port({ protocol: "ICMP" })) },
  { what: "two ports of one name", object: ports(port(), port({ port: 81 })) },
  { what: "two ports, one without a name", object: ports(port(), { port: 81 }) },
  { what: "a port twice", object: ports(port(), port({ name: "again" })) },
  { what: "a port name with a capital", object: ports(port({ name: "Http" })) },
  { what: "a port name with a dot", object: ports(port({ name: "a.b" })) },
  { what: "a port name of 64 letters", object: ports(port({ name: "a".repeat(64) })) },
  { what: "a node port of 70000", object: service({ ...OUTER, ports: [port({ nodePort: 70_000 })] }) },
  { what: "a node port below zero", object: service({ ...OUTER, ports: [port({ nodePort: -1 })] }) },
  {
    what: "a node port out of the range",
    object: service({ ...OUTER, ports: [port({ nodePort: 80 })] }),
    taken: "range",
  },
  {
    what: "a node port twice",
    object: service({ ...OUTER, ports: [port({ nodePort: 30_080 }), port({ name: "b", port: 81, nodePort: 30_080 })] }),
  },
  { what: "a node port of type ClusterIP", object: ports(port({ nodePort: 30_080 })) },
  { what: "an address out of the range", object: service({ clusterIP: "192.0.2.77", clusterIPs: [] }), taken: "range" },
  { what: "no address", object: service({ clusterIP: "10.96.0", clusterIPs: [] }) },
  { what: "an address with a leading zero", object: service({ clusterIP: "10.96.0.09", clusterIPs: [] }) },
  {
    what: "an address of IPv4 in IPv6",
    object: service({ clusterIP: "::ffff:10.96.0.9", clusterIPs: [] }),
    taken: "old",
  },
  { what: "an address with a length", object: service({ clusterIP: "10.96.0.9/32", clusterIPs: [] }) },
  {
    what: "two addresses that differ in which is first",
    object: service({ clusterIP: "10.96.0.9", clusterIPs: ["10.96.0.8"] }),
  },
  {
    what: "two addresses of one family",
    object: service({
      clusterIP: "10.96.0.8",
      clusterIPs: ["10.96.0.8", "10.96.0.9"],
      ipFamilyPolicy: "PreferDualStack",
      ipFamilies: null,
    }),
  },
  {
    what: "None and an address",
    object: service({
      clusterIP: "None",
      clusterIPs: ["None", "fd96::9"],
      ipFamilies: null,
      ipFamilyPolicy: "PreferDualStack",
    }),
  },
  {
    what: "type NodePort without an address",
    object: service({ type: "NodePort", clusterIP: "None", clusterIPs: ["None"], ports: [port({ nodePort: 30_080 })] }),
  },
  { what: "an unknown type", object: service({ type: "Internal" }) },
  { what: "an external address that is a name", object: service({ externalIPs: ["example.org"] }) },
  { what: "127.0.0.1 as an external address", object: service({ externalIPs: ["127.0.0.1"] }) },
  { what: "0.0.0.0 as an external address", object: service({ externalIPs: ["0.0.0.0"] }) },
  { what: "a link-local external address", object: service({ externalIPs: ["fe80::1"] }) },
  { what: "a multicast external address", object: service({ externalIPs: ["224.0.0.1"] }) },
  { what: "a source range that is none", object: service({ ...OUTER, loadBalancerSourceRanges: ["10.0.0.0"] }) },
  {
    what: "a source range of type ClusterIP",
    object: service({ loadBalancerSourceRanges: ["10.0.0.0/8"] }),
    taken: "nowhere",
  },
  { what: "an affinity that there is not", object: service({ sessionAffinity: "Cookie" }) },
  {
    what: "an affinity of no time",
    object: service({ ...CLIENT, sessionAffinityConfig: { clientIP: { timeoutSeconds: 0 } } }),
  },
  {
    what: "an affinity of more than a day",
    object: service({ ...CLIENT, sessionAffinityConfig: { clientIP: { timeoutSeconds: 86_401 } } }),
  },
  { what: "an internal policy that there is not", object: service({ internalTrafficPolicy: "Node" }) },
  { what: "an external policy that there is not", object: service({ ...OUTER, externalTrafficPolicy: "Node" }) },
  {
    what: "an external policy of type ClusterIP",
    object: service({ externalTrafficPolicy: "Local" }),
    taken: "nowhere",
  },
  { what: "a distribution that there is not", object: service({ trafficDistribution: "PreferMoon" }), taken: "later" },
  { what: "no port", object: ports() },
  {
    what: "ExternalName without a name",
    object: service({
      type: "ExternalName",
      clusterIP: null,
      clusterIPs: null,
      ipFamilies: null,
      ipFamilyPolicy: null,
    }),
  },
  { what: "a key that there is not", object: service({ clusterIp: "10.96.0.1" }), taken: "passed" },
  { what: "a name with a capital", object: named("Web") },
  { what: "a name with a dot", object: named("a.b") },
  { what: "a name of 64 letters", object: named("a".repeat(64)) },
  { what: "a namespace with a dot", object: named("web", "a.b") },
  { what: "a slice's port 0", object: slice({ ports: [port({ port: 0 })] }), takenThere: "number" },
  { what: "a slice's port 65536", object: slice({ ports: [port({ port: 65_536 })] }), takenThere: "number" },
  { what: "a slice's protocol ICMP", object: slice({ ports: [port({ protocol: "ICMP" })] }) },
  { what: "two ports of one name in a slice", object: slice({ ports: [port(), port({ port: 81 })] }) },
  { what: "a slice's port name with a capital", object: slice({ ports: [port({ name: "Http" })] }) },
  { what: "an address of IPv6 in a slice of IPv4", object: slice({}, ["fd01::2"]) },
  { what: "an address of IPv4 in a slice of IPv6", object: slice({ addressType: "IPv6" }) },
  { what: "a slice of an unknown address type", object: slice({ addressType: "MAC" }) },
  { what: "a slice without an address type", object: slice({ addressType: undefined }) },
  { what: "an endpoint without an address", object: slice({}, [{ addresses: [] }]) },
  { what: "an endpoint whose address is none", object: slice({}, ["10.1.0"]) },
  { what: "an endpoint's address with a leading zero", object: slice({}, ["10.1.0.02"]) },
  { what: "an endpoint on 127.0.0.1", object: slice({}, ["127.0.0.1"]) },
  { what: "an endpoint on 0.0.0.0", object: slice({}, ["0.0.0.0"]) },
  { what: "an endpoint of a link-local address", object: slice({}, ["169.254.1.1"]) },
  { what: "an endpoint of a multicast address", object: slice({}, ["224.0.0.1"]) },
  { what: "a condition that is text", object: endpoint({ conditions: { ready: "true" } }) },
  { what: "hints without a name", object: endpoint({ hints: { forZones: [{}] } }), takenThere: "named" },
  {
    what: "hints that are the same twice",
    object: endpoint({ hints: { forZones: [{ name: "a" }, { name: "a" }] } }),
    taken: "passed",
  },
  { what: "a node name that is none", object: endpoint({ nodeName: "N1 " }), taken: "passed" },
  {
    what: "more than 1,000 endpoints",
    object: slice(
      {},
      Array.from({ length: 1001 }, (_, i) => `10.1.${i >> 8}.${i & 255}`),
    ),
    taken: "limit",
  },
];

/** What the API server says of an object, "" when it takes it. Not as a dry run, in which node ports are not looked at. */
function said(cluster: Cluster, object: object): string {
  const text = JSON.stringify(object);
  const { status, stderr } = cluster.kubectl(["create", "--validate=strict", "-f", "-"], text);
  if (status !== 0) return stderr;
  cluster.ask(["delete", "-f", "-"], text);
  return stderr;
}

export function refused(cluster: Cluster): string {
  cluster.clear();
  const wrong: string[] = [];
  for (const { what, object, taken, takenThere } of REFUSALS) {
    const theirs = said(cluster, object);
    const [ours = ""] = readDocument(object, "f.json").problems;
    if ((theirs === "") === (takenThere !== undefined) && (ours === "") === (taken !== undefined)) continue;
    wrong.push(`${what}: berthd says "${ours}", the API server "${theirs.trim()}"`);
  }
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
  const count = (side: "taken" | "takenThere") => REFUSALS.filter((one) => one[side] !== undefined).length;
  const both = REFUSALS.length - count("taken") - count("takenThere");
  return `${both} are refused by both, ${count("taken")} by the API server alone, ${count("takenThere")} by berthd alone`;
}
