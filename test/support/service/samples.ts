/** Generated Services and EndpointSlices that no cluster has seen, each of which Kubernetes allows. */
import fc from "fast-check";

const port = fc.integer({ min: 1, max: 65_535 });
const protocol = fc.constantFrom("TCP", "UDP", "SCTP");
const policy = fc.constantFrom(undefined, "Cluster", "Local");
const flag = fc.constantFrom(undefined, true, false);
const zones = fc.constantFrom(undefined, ["z1"], ["z1", "z2"]);

const ports = fc.uniqueArray(fc.record({ name: fc.constantFrom("http", "dns", "a-b", "9p"), protocol, port }), {
  minLength: 1,
  maxLength: 4,
  comparator: (a, b) => a.name === b.name || (a.port === b.port && a.protocol === b.protocol),
});

/** What a service and its endpoints are made of. */
export const sample = fc.record({
  type: fc.constantFrom("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
  families: fc.constantFrom([4], [6], [4, 6], [6, 4]),
  isHeadless: fc.boolean(),
  ports,
  hasName: fc.boolean(),
  hasExternal: fc.boolean(),
  hasRanges: fc.boolean(),
  hasNodePorts: fc.boolean(),
  ingress: fc.constantFrom([], ["VIP"], ["VIP", "VIP"], ["Proxy"]),
  affinity: fc.constantFrom(undefined, 1, 86_400),
  internal: policy,
  external: policy,
  publishNotReady: flag,
  distribution: fc.constantFrom(undefined, "PreferClose", "PreferSameZone", "PreferSameNode"),
  endpoints: fc.array(
    fc.record({
      ready: flag,
      serving: flag,
      terminating: flag,
      node: fc.constantFrom(undefined, "n1"),
      zones,
      nodes: zones,
    }),
    { maxLength: 4 },
  ),
});
export type Sample = typeof sample extends fc.Arbitrary<infer T> ? T : never;

const named = (names: readonly string[] | undefined) => names?.map((name) => ({ name }));

/** `count` services, none of which is in the way of another, with their slices, of namespaces default and kube-public. */
export function samples(count: number, seed: number): object[] {
  return fc.sample(sample, { numRuns: count, seed }).flatMap((one, i) => [serviceOf(one, i), ...slicesOf(one, i)]);
}

const metadataOf = (i: number, suffix = "") => ({
  name: `s${i}${suffix}`,
  namespace: i % 3 === 0 ? "kube-public" : "default",
});

export function serviceOf(one: Sample, i: number): object {
  const head = { apiVersion: "v1", kind: "Service", metadata: metadataOf(i) };
  if (one.type === "ExternalName") return { ...head, spec: { type: one.type, externalName: `s${i}.example.org` } };
  const isOutside = one.type !== "ClusterIP";
  const isHeadless = one.isHeadless && !isOutside;
  const isBalanced = one.type === "LoadBalancer";
  const hasNodePorts = one.type === "NodePort" || (isBalanced && one.hasNodePorts);
  const hasExternal = one.hasExternal && !isHeadless;
  const ingress = one.ingress.map((ipMode, n) => ({ ip: `203.0.113.${(2 * i + n) % 250}`, ipMode }));
  return {
    ...head,
    spec: {
      type: one.type,
      ...addressesOf(isHeadless ? [] : one.families, i),
      ports: portsOf(one).map((port, n) => ({
        ...port,
        ...(hasNodePorts && { nodePort: 30_000 + 4 * i + n }),
      })),
      ...(isBalanced && !hasNodePorts && { allocateLoadBalancerNodePorts: false }),
      ...(hasExternal && { externalIPs: [`198.51.100.${i % 250}`, `fd98::${i}`] }),
      ...(isBalanced && one.hasRanges && { loadBalancerSourceRanges: ["10.0.0.0/8", "fd00::/8"] }),
      ...(one.affinity !== undefined &&
        !isHeadless && {
          sessionAffinity: "ClientIP",
          sessionAffinityConfig: { clientIP: { timeoutSeconds: one.affinity } },
        }),
      ...(one.internal !== undefined && { internalTrafficPolicy: one.internal }),
      ...((isOutside || hasExternal) && one.external !== undefined && { externalTrafficPolicy: one.external }),
      ...(one.publishNotReady !== undefined && { publishNotReadyAddresses: one.publishNotReady }),
      ...(one.distribution !== undefined && { trafficDistribution: one.distribution }),
    },
    ...(isBalanced && { status: { loadBalancer: { ingress } } }),
  };
}

/** The only port may have no name. */
const portsOf = ({ ports, hasName }: Sample) =>
  ports.length === 1 && !hasName ? ports.map(({ name: _, ...rest }) => rest) : ports;

function addressesOf(families: readonly number[], i: number): object {
  const clusterIPs = families.map((family) => (family === 4 ? `10.96.8.${i}` : `fd96::8:${i.toString(16)}`));
  if (clusterIPs.length === 0) return { clusterIP: "None" };
  return {
    clusterIP: clusterIPs[0],
    clusterIPs,
    ipFamilyPolicy: families.length > 1 ? "RequireDualStack" : "SingleStack",
    ipFamilies: families.map((family) => `IPv${family}`),
  };
}

/** A slice for each family. */
export function slicesOf(one: Sample, i: number): object[] {
  return ([4, 6] as const).map((family) => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { ...metadataOf(i, `-v${family}`), labels: { "kubernetes.io/service-name": `s${i}` } },
    addressType: `IPv${family}`,
    ports: portsOf(one).map((port, n) => ({ ...port, port: 8080 + n })),
    endpoints: one.endpoints.map(({ ready, serving, terminating, node, zones, nodes }, n) => ({
      addresses: [family === 4 ? `10.1.${i}.${n + 2}` : `fd01:${i}::${n + 2}`],
      conditions: { ready, serving, terminating },
      nodeName: node,
      ...((zones || nodes) && { hints: { forZones: named(zones), forNodes: named(nodes) } }),
    })),
  }));
}
