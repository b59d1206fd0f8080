/** Services and EndpointSlices as kubectl gives them, for tests. */

export interface EndpointObject {
  addresses: string[];
  conditions?: { ready?: boolean | null; serving?: boolean | null; terminating?: boolean | null };
  nodeName?: string;
  hints?: { forZones?: { name: string }[]; forNodes?: { name: string }[] };
}

/** Service default/`name`; `spec` replaces parts. */
export function serviceObject(name: string, spec: object = {}, status: object = {}) {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name,
      namespace: "default",
      uid: "b2b4",
      resourceVersion: "17",
      creationTimestamp: "2026-11-29T10:00:00Z",
    },
    spec: {
      clusterIP: "10.96.0.1",
      clusterIPs: ["10.96.0.1"],
      internalTrafficPolicy: "Cluster",
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "SingleStack",
      ports: [{ name: "http", port: 80, protocol: "TCP", targetPort: 8080 }],
      selector: { app: name },
      sessionAffinity: "None",
      type: "ClusterIP",
      ...spec,
    },
    status: { loadBalancer: {}, ...status },
  };
}

/** EndpointSlice default/`service`-1 of port http 8080; `over` replaces parts. */
export function sliceObject(service: string, endpoints: (string | EndpointObject)[], over: object = {}) {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: `${service}-1`,
      namespace: "default",
      labels: { "kubernetes.io/service-name": service },
      annotations: { "endpoints.kubernetes.io/last-change-trigger-time": "2026-11-29T10:00:01Z" },
    },
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    endpoints: endpoints.map((one) =>
      typeof one === "string" ? { addresses: [one], conditions: { ready: true } } : one,
    ),
    ...over,
  };
}
