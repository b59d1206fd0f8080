import { expect, test } from "bun:test";
import fc from "fast-check";
import { packed, unpackService, unpackSlice } from "../../../../src/service/store/packed.ts";
import type { ServiceRecord, SliceRecord } from "../../../../src/service/store/records.ts";

const protocol = fc.constantFrom("tcp" as const, "udp" as const, "sctp" as const);
const policy = fc.constantFrom("Cluster" as const, "Local" as const);
const port = fc.integer({ min: 1, max: 65_535 });
const texts = fc.array(fc.string(), { maxLength: 3 });
const key = fc.constantFrom("default/a", "other/b");

const service: fc.Arbitrary<ServiceRecord> = fc.record({
  kind: fc.constant("service" as const),
  key,
  type: fc.constantFrom("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
  externalName: fc.string(),
  addresses: texts,
  ports: fc.array(fc.record({ name: fc.string(), protocol, port, nodePort: fc.nat(65_535) }), { maxLength: 3 }),
  externalAddresses: texts,
  balancerAddresses: texts,
  sourceRanges: texts,
  internalPolicy: policy,
  externalPolicy: policy,
  affinity: fc.nat(86_400),
  publishNotReady: fc.boolean(),
  distribution: fc.string(),
  since: fc.nat(),
});

const endpoint = fc.record(
  {
    address: fc.string(),
    ready: fc.boolean(),
    serving: fc.boolean(),
    terminating: fc.boolean(),
    node: fc.string(),
    forZones: texts,
    forNodes: texts,
  },
  { requiredKeys: ["address", "ready", "serving", "terminating", "node"] },
);

const slice: fc.Arbitrary<SliceRecord> = fc.record({
  kind: fc.constant("slice" as const),
  key,
  service: key,
  family: fc.constantFrom(4 as const, 6 as const),
  ports: fc.array(fc.record({ name: fc.string(), protocol, port }), { maxLength: 3 }),
  endpoints: fc.array(endpoint, { maxLength: 4 }),
  since: fc.nat(),
});

test("a record is what was packed, and its text does not say when it happened", () => {
  fc.assert(
    fc.property(service, (record) => {
      expect(unpackService(packed(record))).toEqual(record);
      expect(packed({ ...record, since: 1 }).text).toBe(packed(record).text);
    }),
  );
  fc.assert(
    fc.property(slice, (record) => {
      expect(unpackSlice(packed(record))).toEqual(record);
      expect(packed({ ...record, since: 1 }).text).toBe(packed(record).text);
    }),
  );
});
