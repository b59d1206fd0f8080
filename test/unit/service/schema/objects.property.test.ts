/** Objects that are made of records say what those they were read of said. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { serviceObject, sliceObject } from "../../../../src/service/schema/objects.ts";
import { readDocument } from "../../../../src/service/schema/read.ts";
import type { ObjectRecord, ServiceRecord, SliceRecord } from "../../../../src/service/store/records.ts";
import { kubectl, unknownKeys } from "../../../support/kubectl.ts";
import { needs } from "../../../support/needs.ts";

const v4 = fc.constantFrom("10.96.0.1", "192.0.2.7");
const v6 = fc.constantFrom("fd96::1", "2001:db8::7");
const protocol = fc.constantFrom("TCP", "UDP", "SCTP");
const port = fc.integer({ min: 1, max: 65_535 });
const policy = fc.option(fc.constantFrom("Cluster", "Local"));

const service = fc.record({
  apiVersion: fc.constant("v1"),
  kind: fc.constant("Service"),
  metadata: fc.record({ name: fc.constantFrom("web", "db"), namespace: fc.constantFrom("default", "shop") }),
  spec: fc.record({
    clusterIPs: fc.constantFrom([], ["None"], ["10.96.0.1"], ["fd96::1"], ["10.96.0.1", "fd96::1"]),
    ports: fc.array(fc.record({ name: fc.constantFrom("http", "dns"), protocol, port, nodePort: fc.option(port) })),
    externalIPs: fc.array(fc.oneof(v4, v6), { maxLength: 2 }),
    loadBalancerSourceRanges: fc.constantFrom([], ["10.0.0.0/8", "fd00::/8"]),
    sessionAffinity: fc.constantFrom("None", "ClientIP"),
    sessionAffinityConfig: fc.option(fc.constant({ clientIP: { timeoutSeconds: 60 } })),
    internalTrafficPolicy: policy,
    externalTrafficPolicy: policy,
    trafficDistribution: fc.option(fc.constant("PreferSameZone")),
    publishNotReadyAddresses: fc.boolean(),
  }),
  status: fc.constantFrom(
    {},
    { loadBalancer: { ingress: [{ ip: "198.51.100.1" }, { ip: "fd98::1", ipMode: "VIP" }] } },
  ),
});

const flag = fc.option(fc.boolean());
const names = fc.option(fc.constant([{ name: "a" }, { name: "b" }]));
const slice = fc.record({
  apiVersion: fc.constant("discovery.k8s.io/v1"),
  kind: fc.constant("EndpointSlice"),
  metadata: fc.constant({ name: "web-1", namespace: "shop", labels: { "kubernetes.io/service-name": "web" } }),
  addressType: fc.constant("IPv4"),
  ports: fc.array(fc.record({ name: fc.constantFrom("", "http"), protocol, port })),
  endpoints: fc.array(
    fc.record({
      addresses: v4.map((one) => [one]),
      conditions: fc.record({ ready: flag, serving: flag, terminating: flag }),
      nodeName: fc.option(fc.constant("n1")),
      hints: fc.option(fc.record({ forZones: names, forNodes: names })),
    }),
  ),
});

function only(document: unknown): ObjectRecord {
  const { records, problems } = readDocument(document, "here");
  expect(problems).toEqual([]);
  return records[0] as ObjectRecord;
}

test("what is made of a service is read as the same", () => {
  fc.assert(
    fc.property(service, (object) => {
      const record = only(object) as ServiceRecord;
      expect(only(serviceObject(record))).toEqual(record);
    }),
  );
});

test("what is made of a slice is read as the same", () => {
  fc.assert(
    fc.property(slice, (object) => {
      const record = only(object) as SliceRecord;
      expect(only(sliceObject(record))).toEqual(record);
    }),
  );
});

needs(kubectl)("kubectl knows every key of a service", () => {
  const full = only({
    kind: "Service",
    metadata: { name: "web", namespace: "shop" },
    spec: {
      clusterIPs: ["10.96.0.1", "fd96::1"],
      ports: [{ name: "http", port: 80, nodePort: 30_080 }],
      externalIPs: ["192.0.2.7"],
      loadBalancerSourceRanges: ["10.0.0.0/8"],
      sessionAffinity: "ClientIP",
      externalTrafficPolicy: "Local",
      trafficDistribution: "PreferClose",
      publishNotReadyAddresses: true,
    },
    status: { loadBalancer: { ingress: [{ ip: "198.51.100.1" }] } },
  }) as ServiceRecord;
  expect(unknownKeys(serviceObject(full) as never)).toEqual([]);
});
