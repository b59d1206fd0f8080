/** Objects that are made of records say what those they were read of said. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { serviceObject, sliceObject } from "../../../../src/service/schema/objects.ts";
import { readDocument } from "../../../../src/service/schema/read.ts";
import type { ObjectRecord, ServiceRecord, SliceRecord } from "../../../../src/service/store/records.ts";
import { kubectl, unknownKeys } from "../../../support/kubectl.ts";
import { needs } from "../../../support/needs.ts";
import { sample, serviceOf, slicesOf } from "../../../support/service/samples.ts";

function only(document: unknown): ObjectRecord {
  const { records, problems } = readDocument(document, "here");
  expect(problems).toEqual([]);
  return records[0] as ObjectRecord;
}

test("what is made of a service and its slices is read as the same", () => {
  fc.assert(
    fc.property(sample, (one) => {
      const service = only(serviceOf(one, 1)) as ServiceRecord;
      expect(only(serviceObject(service))).toEqual(service);
      for (const object of slicesOf(one, 1)) {
        const slice = only(object) as SliceRecord;
        expect(only(sliceObject(slice))).toEqual(slice);
      }
    }),
  );
});

test("Kubernetes would take what is made of a service: it says nothing that goes with another type, and leaves nothing to be found", () => {
  const spec = (over: object) => {
    const read = only({ kind: "Service", metadata: { name: "web" }, spec: { ports: [{ port: 80 }], ...over } });
    return (serviceObject(read as ServiceRecord) as { spec: Record<string, unknown> }).spec;
  };
  const address = { clusterIP: "10.96.0.1" };
  expect(spec({ type: "LoadBalancer", ...address })).toMatchObject({
    type: "LoadBalancer",
    allocateLoadBalancerNodePorts: false,
  });
  expect(spec({ type: "NodePort" })).not.toHaveProperty("clusterIP");
  expect(spec({})).toMatchObject({ clusterIP: "None", clusterIPs: ["None"] });
  expect(spec({ ...address, externalTrafficPolicy: "Local" })).not.toHaveProperty("externalTrafficPolicy");
  expect(spec({ ...address, externalIPs: ["192.0.2.7"], externalTrafficPolicy: "Local" })).toMatchObject({
    externalTrafficPolicy: "Local",
  });
  expect(spec({ type: "ExternalName", externalName: "example.org" })).toEqual({
    type: "ExternalName",
    externalName: "example.org",
  });
});

needs(kubectl)("kubectl knows every key of a service", () => {
  const full = only({
    kind: "Service",
    metadata: { name: "web", namespace: "shop" },
    spec: {
      type: "LoadBalancer",
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
