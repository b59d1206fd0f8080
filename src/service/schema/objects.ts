import type { EndpointRecord, PortRecord, ServiceRecord, SliceRecord } from "../store/records.ts";

/**
 * Objects in Kubernetes' own shapes, made of records: what schema/service.ts and schema/slice.ts read, and `kubectl apply` takes.
 * What records do not keep is not there: a selector, and ports by name in containers.
 */

export function serviceObject(record: ServiceRecord): object {
  const { balancerAddresses } = record;
  const ingress = balancerAddresses.map((ip) => ({ ip, ipMode: "VIP" }));
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: metadataOf(record.key),
    spec: specOf(record),
    ...(ingress.length > 0 && { status: { loadBalancer: { ingress } } }),
  };
}

function specOf(record: ServiceRecord): object {
  const { type, ports, externalAddresses, sourceRanges, affinity, publishNotReady, distribution } = record;
  if (type === "ExternalName") return { type, externalName: record.externalName };
  // Kubernetes refuses the policy of a service that nobody reaches from outside.
  const isOutside = type !== "ClusterIP" || externalAddresses.length > 0;
  return {
    type,
    ...addressesOf(record),
    // Kubernetes would find some that the record has not.
    ...(type === "LoadBalancer" &&
      ports.some(({ nodePort }) => nodePort === 0) && { allocateLoadBalancerNodePorts: false }),
    ...(ports.length > 0 && { ports: ports.map(portOf) }),
    ...(externalAddresses.length > 0 && { externalIPs: externalAddresses }),
    ...(sourceRanges.length > 0 && { loadBalancerSourceRanges: sourceRanges }),
    internalTrafficPolicy: record.internalPolicy,
    ...(isOutside && { externalTrafficPolicy: record.externalPolicy }),
    sessionAffinity: affinity > 0 ? "ClientIP" : "None",
    ...(affinity > 0 && { sessionAffinityConfig: { clientIP: { timeoutSeconds: affinity } } }),
    ...(publishNotReady && { publishNotReadyAddresses: true }),
    ...(distribution !== "" && { trafficDistribution: distribution }),
  };
}

function addressesOf({ type, addresses }: ServiceRecord): object {
  const [first = "None"] = addresses;
  // Only what nobody reaches from outside may be headless: Kubernetes finds others an address.
  if (first === "None" && type !== "ClusterIP") return {};
  const ipFamilies = [...new Set(addresses.map(familyOf))];
  return {
    clusterIP: first,
    clusterIPs: addresses.length > 0 ? addresses : ["None"],
    ...(ipFamilies.length > 0 && {
      ipFamilies,
      ipFamilyPolicy: ipFamilies.length > 1 ? "PreferDualStack" : "SingleStack",
    }),
  };
}

const familyOf = (address: string): "IPv4" | "IPv6" => (address.includes(":") ? "IPv6" : "IPv4");

function portOf({ name, protocol, port, nodePort }: PortRecord): object {
  return { ...named(name), protocol: protocol.toUpperCase(), port, ...(nodePort > 0 && { nodePort }) };
}

const named = (name: string): object => (name === "" ? {} : { name });

export function sliceObject({ key, service, family, ports, endpoints }: SliceRecord): object {
  const labels = { "kubernetes.io/service-name": service.slice(service.indexOf("/") + 1) };
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...metadataOf(key), labels },
    addressType: `IPv${family}`,
    ports: ports.map(({ name, protocol, port }) => ({ name, protocol: protocol.toUpperCase(), port })),
    endpoints: endpoints.map(endpointOf),
  };
}

function endpointOf({ address, ready, serving, terminating, node, forZones, forNodes }: EndpointRecord): object {
  const names = (list: readonly string[]) => list.map((name) => ({ name }));
  const hints = { ...(forZones && { forZones: names(forZones) }), ...(forNodes && { forNodes: names(forNodes) }) };
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(node !== "" && { nodeName: node }),
    ...((forZones || forNodes) && { hints }),
  };
}

function metadataOf(key: string): { readonly name: string; readonly namespace: string } {
  const slash = key.indexOf("/");
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** Several as one document, as `kubectl get -o json` gives them. */
export function listObject(items: readonly object[]): object {
  return { apiVersion: "v1", kind: "List", metadata: { resourceVersion: "" }, items };
}
