import { expect, test } from "bun:test";
import { readDocument } from "../../../../src/service/schema/read.ts";
import { serviceObject, sliceObject } from "../../../support/service/objects.ts";

const WEB = {
  kind: "service",
  key: "default/web",
  type: "ClusterIP",
  externalName: "",
  addresses: ["10.96.0.1"],
  ports: [{ name: "http", protocol: "tcp", port: 80, nodePort: 0 }],
  externalAddresses: [],
  balancerAddresses: [],
  sourceRanges: [],
  internalPolicy: "Cluster",
  externalPolicy: "Cluster",
  affinity: 0,
  publishNotReady: false,
  distribution: "",
  since: 0,
} as const;

test("readDocument() takes a Service as kubectl gives it, and keeps nothing of its metadata but the name", () => {
  expect(readDocument(serviceObject("web"), "web.json")).toEqual({ records: [WEB], problems: [] });
});

test("readDocument() reads what a Service says of traffic", () => {
  const spec = {
    type: "LoadBalancer",
    clusterIPs: ["10.96.0.1", "FD00:0::1"],
    ports: [
      { name: "d", port: 53, protocol: "UDP", nodePort: 30053 },
      { name: "s", port: 9, protocol: "SCTP" },
    ],
    externalIPs: ["192.0.2.1"],
    loadBalancerSourceRanges: ["198.51.100.7/24 "],
    sessionAffinity: "ClientIP",
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 90 } },
    internalTrafficPolicy: "Local",
    externalTrafficPolicy: "Local",
    trafficDistribution: "PreferSameZone",
    publishNotReadyAddresses: true,
  };
  const ingress = [{ ip: "203.0.113.1", ipMode: "VIP" }, { ip: "203.0.113.2", ipMode: "Proxy" }, { hostname: "lb" }];
  const { records } = readDocument(serviceObject("web", spec, { loadBalancer: { ingress } }), "web.json");
  expect(records).toEqual([
    {
      ...WEB,
      type: "LoadBalancer",
      addresses: ["10.96.0.1", "fd00::1"],
      ports: [
        { name: "d", protocol: "udp", port: 53, nodePort: 30053 },
        { name: "s", protocol: "sctp", port: 9, nodePort: 0 },
      ],
      externalAddresses: ["192.0.2.1"],
      balancerAddresses: ["203.0.113.1"],
      sourceRanges: ["198.51.100.0/24"],
      internalPolicy: "Local",
      externalPolicy: "Local",
      affinity: 90,
      publishNotReady: true,
      distribution: "PreferSameZone",
    },
  ]);
});

test("readDocument() knows headless services, external names and the affinity of three hours", () => {
  const record = (spec: object) => readDocument(serviceObject("web", spec), "f").records[0];
  expect(record({ clusterIP: "None", clusterIPs: ["None"] })).toMatchObject({ addresses: [] });
  expect(record({ type: "ExternalName", externalName: "example.org" })).toMatchObject({
    type: "ExternalName",
    externalName: "example.org",
    addresses: [],
    ports: [],
  });
  expect(record({ sessionAffinity: "ClientIP" })).toMatchObject({ affinity: 10_800 });
});

test("readDocument() reads an EndpointSlice, null for what is absent", () => {
  const endpoints = [
    { addresses: ["10.1.0.1"], conditions: { ready: null }, nodeName: "n1", hints: { forZones: [{ name: "a" }] } },
    { addresses: ["10.1.0.2"], conditions: { ready: false, serving: true, terminating: true } },
  ];
  const { records, problems } = readDocument(sliceObject("web", endpoints), "web.json");
  const common = { kind: "slice", key: "default/web-1", service: "default/web", family: 4 };
  expect(problems).toEqual([]);
  expect(records).toEqual([
    {
      ...common,
      ports: [{ name: "http", protocol: "tcp", port: 8080 }],
      endpoints: [
        { address: "10.1.0.1", ready: true, serving: true, terminating: false, node: "n1", forZones: ["a"] },
        { address: "10.1.0.2", ready: false, serving: true, terminating: true, node: "" },
      ],
      since: Date.parse("2026-11-29T10:00:01Z"),
    } as never,
  ]);
  const empty = readDocument(sliceObject("web", [], { endpoints: null, ports: null }), "web.json");
  expect(empty.records).toMatchObject([{ endpoints: [], ports: [] }]);
});

test("readDocument() reads lists, of kinds named and implied", () => {
  const { apiVersion: _a, kind: _k, ...bare } = serviceObject("bare");
  const list = { apiVersion: "v1", kind: "List", items: [serviceObject("web"), sliceObject("web", [])] };
  const keys = (document: unknown) => readDocument(document, "f").records.map(({ key }) => key);
  expect(keys(list)).toEqual(["default/web", "default/web-1"]);
  expect(keys({ apiVersion: "v1", kind: "ServiceList", items: [bare] })).toEqual(["default/bare"]);
});

test("readDocument() passes over what nobody is led to in a cluster either", () => {
  const label = { "service.kubernetes.io/service-proxy-name": "other" };
  const labelled = { ...serviceObject("web"), metadata: { name: "web", labels: label } };
  const ofCluster = { name: "names", uid: "b2b4", labels: { "kubernetes.io/service-name": "web" } };
  const fqdn = { ...sliceObject("web", []), metadata: ofCluster, addressType: "FQDN" };
  const nobodys = { ...sliceObject("web", []), metadata: { name: "stray", uid: "b2b4" } };
  const others = {
    ...sliceObject("web", ["10.1.0.2"]),
    metadata: { ...ofCluster, labels: { ...ofCluster.labels, ...label } },
  };
  const items = [labelled, fqdn, nobodys, others];
  expect(readDocument({ kind: "List", items }, "f.json")).toEqual({ records: [], problems: [] });
});

const WRONG: [what: string, document: unknown, line: string][] = [
  [
    "a port",
    serviceObject("web", { ports: [{ port: 70_000 }] }),
    "f.json: Service default/web: spec.ports[0].port: 70000: Too big: expected number to be <=65535",
  ],
  [
    "an address",
    serviceObject("web", { clusterIP: "10.96.0", clusterIPs: [] }),
    'f.json: Service default/web: spec.clusterIP: "10.96.0": expected an IPv4 or IPv6 address, or None',
  ],
  [
    "a source range",
    serviceObject("web", { loadBalancerSourceRanges: ["10.0.0.0"] }),
    'f.json: Service default/web: spec.loadBalancerSourceRanges[0]: "10.0.0.0": expected a network such as 10.0.0.0/8',
  ],
  [
    "an endpoint of the other family",
    sliceObject("web", ["fd00::1"]),
    'f.json: EndpointSlice default/web-1: endpoints[0].addresses[0]: "fd00::1": expected an IPv4 address, as addressType says',
  ],
  [
    "a slice of no service",
    { ...sliceObject("web", []), metadata: { name: "stray" } },
    'f.json: EndpointSlice default/stray: metadata.labels["kubernetes.io/service-name"]: absent: expected the name of the service whose endpoints these are',
  ],
  [
    "a slice of names that no cluster has",
    sliceObject("web", [], { addressType: "FQDN" }),
    'f.json: EndpointSlice default/web-1: addressType: "FQDN": Invalid option: expected one of "IPv4"|"IPv6"',
  ],
  ["another kind", { kind: "Pod" }, 'f.json: kind: "Pod": expected Service, EndpointSlice or a List of them'],
  ["no object", [1], "f.json: [1]: expected an object, as kubectl get -o json gives it"],
  ["no items", { kind: "List" }, "f.json: List: items: absent: expected a list"],
];

for (const [what, document, line] of WRONG) {
  test(`readDocument() names place, path and value of ${what}`, () => {
    expect(readDocument(document, "f.json")).toEqual({ records: [], problems: [line] });
  });
}

test("readDocument() reads what is right beside what is wrong, and says where in a list that is", () => {
  const items = [serviceObject("web"), serviceObject("bad", { ports: [{ port: 0 }] })];
  const { records, problems } = readDocument({ kind: "List", items }, "f.json");
  expect(records).toHaveLength(1);
  expect(problems[0]).toStartWith("f.json: items[1]: Service default/bad: spec.ports[0].port: 0: ");
});
