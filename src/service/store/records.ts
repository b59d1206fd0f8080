/**
 * What is kept of a Service and of an EndpointSlice: what carrying traffic needs, and nothing else of what Kubernetes' objects have.
 * Addresses are canonical text (base/ip.ts): it is smaller than their bytes as an object, and compares with ===.
 */

export type Family = 4 | 6;
export type Protocol = "tcp" | "udp" | "sctp";
export type Policy = "Cluster" | "Local";
export type ServiceType = "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName";

export interface ServiceRecord {
  readonly kind: "service";
  /** `NAMESPACE/NAME`. */
  readonly key: string;
  /** As it says itself; what leads there, ports and addresses say. */
  readonly type: ServiceType;
  /** What an ExternalName stands for; "" of other types. */
  readonly externalName: string;
  /** Its own addresses; empty for a headless one and an ExternalName. */
  readonly addresses: readonly string[];
  readonly ports: readonly PortRecord[];
  /** Addresses from outside that lead to it: externalIPs. */
  readonly externalAddresses: readonly string[];
  /** Addresses of load balancers that deliver packets here with them (ipMode VIP). */
  readonly balancerAddresses: readonly string[];
  /** `ADDRESS/LENGTH` of who may use the load balancers' addresses; empty: anybody. */
  readonly sourceRanges: readonly string[];
  readonly internalPolicy: Policy;
  readonly externalPolicy: Policy;
  /** For how many seconds clients stay with an endpoint; 0: not at all. */
  readonly affinity: number;
  /** Endpoints count that are not ready. */
  readonly publishNotReady: boolean;
  /** PreferSameZone, PreferSameNode or what else Kubernetes may come to know; "": none. */
  readonly distribution: string;
  /** When its last change happened, in milliseconds since the epoch; 0: not known. */
  readonly since: number;
}

export interface PortRecord {
  /** "" when it has none. */
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
  /** 0: none. */
  readonly nodePort: number;
}

export interface SliceRecord {
  readonly kind: "slice";
  /** `NAMESPACE/NAME` of the slice itself. */
  readonly key: string;
  /** `NAMESPACE/NAME` of the service whose endpoints it has. */
  readonly service: string;
  readonly family: Family;
  readonly ports: readonly SlicePort[];
  readonly endpoints: readonly EndpointRecord[];
  /** As of a service. */
  readonly since: number;
}

export interface SlicePort {
  /** That of the service's port it is for. */
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
}

export interface EndpointRecord {
  readonly address: string;
  readonly ready: boolean;
  /** It answers, though maybe it is about to end. */
  readonly serving: boolean;
  readonly terminating: boolean;
  /** "" when it is on no node. */
  readonly node: string;
  /** For which zones and nodes it is meant (hints); absent: it has no such hints. */
  readonly forZones?: readonly string[];
  readonly forNodes?: readonly string[];
}

export type ObjectRecord = ServiceRecord | SliceRecord;
