import * as z from "zod";
import type { EndpointRecord, SliceRecord } from "../store/records.ts";
import { SERVICE } from "./passed-over.ts";
import { wrongNames } from "./service-checks.ts";
import { keyOf, list, metadata, portName, portNumber, protocol, reachable, sinceOf, text } from "./values.ts";

/** An EndpointSlice of discovery.k8s.io/v1, as far as it is about traffic. Other keys are passed over. */

const conditions = z.object({
  ready: z.boolean().nullish(),
  serving: z.boolean().nullish(),
  terminating: z.boolean().nullish(),
});

const named = list(z.object({ name: z.string() }));

const endpoint = z.object({
  addresses: z.array(reachable).min(1),
  conditions: conditions.nullish(),
  nodeName: text,
  hints: z.object({ forZones: named, forNodes: named }).nullish(),
});

const port = z.object({ name: portName, protocol, port: portNumber.nullish() });

const shape = z.object({
  apiVersion: z.literal("discovery.k8s.io/v1").optional(),
  kind: z.literal("EndpointSlice").optional(),
  metadata: metadata.refine(({ labels }) => labels?.[SERVICE], {
    path: ["labels", SERVICE],
    error: "expected the name of the service whose endpoints these are",
  }),
  addressType: z.enum(["IPv4", "IPv6"]),
  endpoints: list(endpoint),
  ports: list(port),
});

export const sliceSchema = shape.check(({ value: { addressType, endpoints, ports }, issues }) => {
  for (const [path, message] of wrongNames(ports, false))
    issues.push({ code: "custom", message, path: ["ports", ...path], input: ports });
  const isV6 = addressType === "IPv6";
  endpoints.forEach(({ addresses }, i) => {
    addresses.forEach((ip, j) => {
      if (ip.includes(":") === isV6) return;
      const path = ["endpoints", i, "addresses", j];
      issues.push({
        code: "custom",
        message: `expected an ${addressType} address, as addressType says`,
        path,
        input: ip,
      });
    });
  });
});

type Slice = z.output<typeof sliceSchema>;

export function sliceRecord({ metadata, addressType, endpoints, ports }: Slice): SliceRecord {
  return {
    kind: "slice",
    key: keyOf(metadata),
    service: keyOf({ name: metadata.labels?.[SERVICE] ?? "", namespace: metadata.namespace }),
    family: addressType === "IPv4" ? 4 : 6,
    // A port without a number stands for all, which a service that has ports cannot be led to.
    ports: ports.flatMap(({ name, protocol, port }) => (port ? [{ name, protocol, port }] : [])),
    endpoints: endpoints.map(endpointOf),
    since: sinceOf(metadata),
  };
}

/** Of several addresses the first counts: the rest are the same endpoint, as Kubernetes has it. */
function endpointOf({ addresses, conditions, nodeName, hints }: Slice["endpoints"][number]): EndpointRecord {
  const ready = conditions?.ready ?? true;
  const names = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name);
  return {
    address: addresses[0] as string,
    ready,
    serving: conditions?.serving ?? ready,
    terminating: conditions?.terminating ?? false,
    node: nodeName,
    ...(hints && hints.forZones.length > 0 && { forZones: names(hints.forZones) }),
    ...(hints && hints.forNodes.length > 0 && { forNodes: names(hints.forNodes) }),
  };
}
