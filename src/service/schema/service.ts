import * as z from "zod";
import type { PortRecord, ServiceRecord } from "../store/records.ts";
import { wrongInSpec } from "./service-checks.ts";
import {
  address,
  clusterAddress,
  keyOf,
  label,
  list,
  metadata,
  network,
  portName,
  portNumber,
  protocol,
  reachable,
  sinceOf,
  text,
} from "./values.ts";

/** A Service of Kubernetes' API v1, as far as it is about traffic. Other keys are passed over. */

const DAY = 86_400;
/** sessionAffinityConfig.clientIP.timeoutSeconds when absent. */
const THREE_HOURS = 10_800;

const policy = z.enum(["Cluster", "Local"]).nullish();

const port = z.object({
  name: portName,
  protocol,
  port: portNumber,
  nodePort: z.int().min(0).max(65_535).nullish(),
});

const ingress = z.object({ ip: address.nullish(), ipMode: z.enum(["VIP", "Proxy"]).nullish() });

const spec = z
  .object({
    type: z.enum(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]).nullish(),
    externalName: text,
    clusterIP: clusterAddress.nullish(),
    clusterIPs: list(clusterAddress),
    ports: list(port),
    externalIPs: list(reachable),
    loadBalancerSourceRanges: list(network),
    sessionAffinity: z.enum(["None", "ClientIP"]).nullish(),
    sessionAffinityConfig: z
      .object({ clientIP: z.object({ timeoutSeconds: z.int().min(1).max(DAY).nullish() }).nullish() })
      .nullish(),
    internalTrafficPolicy: policy,
    externalTrafficPolicy: policy,
    trafficDistribution: text,
    publishNotReadyAddresses: z.boolean().nullish(),
  })
  .check(({ value, issues }) => {
    for (const [path, message] of wrongInSpec(value))
      issues.push({ code: "custom", message, path: [...path], input: value });
  });

export const serviceSchema = z.object({
  apiVersion: z.literal("v1").optional(),
  kind: z.literal("Service").optional(),
  metadata: metadata.extend({ name: label }),
  spec,
  status: z.object({ loadBalancer: z.object({ ingress: list(ingress) }).nullish() }).nullish(),
});

type Service = z.output<typeof serviceSchema>;

export function serviceRecord({ metadata, spec, status }: Service): ServiceRecord {
  const isExternalName = spec.type === "ExternalName";
  return {
    kind: "service",
    key: keyOf(metadata),
    type: spec.type ?? "ClusterIP",
    externalName: isExternalName ? spec.externalName : "",
    addresses: isExternalName ? [] : addressesOf(spec),
    ports: isExternalName ? [] : spec.ports.map(portOf),
    externalAddresses: spec.externalIPs,
    balancerAddresses: (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, ipMode }) =>
      ip && ipMode !== "Proxy" ? [ip] : [],
    ),
    sourceRanges: spec.loadBalancerSourceRanges,
    internalPolicy: spec.internalTrafficPolicy ?? "Cluster",
    externalPolicy: spec.externalTrafficPolicy ?? "Cluster",
    affinity: affinityOf(spec),
    publishNotReady: spec.publishNotReadyAddresses ?? false,
    distribution: spec.trafficDistribution,
    since: sinceOf(metadata),
  };
}

/** clusterIPs has clusterIP as its first, but files that people write may have only one of them. */
function addressesOf({ clusterIP, clusterIPs }: Service["spec"]): string[] {
  const all = clusterIPs.length > 0 ? clusterIPs : [clusterIP ?? ""];
  return all.filter((ip) => ip !== "");
}

function affinityOf({ sessionAffinity, sessionAffinityConfig }: Service["spec"]): number {
  if (sessionAffinity !== "ClientIP") return 0;
  return sessionAffinityConfig?.clientIP?.timeoutSeconds ?? THREE_HOURS;
}

function portOf({ name, protocol, port, nodePort }: Service["spec"]["ports"][number]): PortRecord {
  return { name, protocol, port, nodePort: nodePort ?? 0 };
}
