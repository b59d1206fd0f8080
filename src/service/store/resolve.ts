import { ofThisNode, type Place, usable } from "./endpoints.ts";
import type { EndpointRecord, Family, PortRecord, Protocol, ServiceRecord, SliceRecord } from "./records.ts";

/** What this node is to do for a service: policies, topology and conditions have been decided. Pure. */

/** One port of a service in one family. */
export interface ServicePort {
  /** `NAMESPACE/NAME:PORT/PROTOCOL/FAMILY`, the port by its name, or by its number where it has none. */
  readonly key: string;
  readonly family: Family;
  readonly protocol: Protocol;
  /** For how many seconds clients stay with an endpoint; 0: not at all. */
  readonly affinity: number;
  readonly frontends: readonly Frontend[];
  /** The endpoints for policy Cluster. */
  readonly all: readonly Target[];
  /** Those on this node; empty also where no frontend leads there. */
  readonly local: readonly Target[];
}

/** Where clients reach it. */
export interface Frontend {
  /** cluster: its own address; external: one of externalIPs; balancer: a load balancer's; node: any of this node's. */
  readonly kind: "cluster" | "external" | "balancer" | "node";
  /** "" for node. */
  readonly address: string;
  readonly port: number;
  readonly to: "all" | "local";
  /** `ADDRESS/LENGTH` of who may use it; empty: anybody. */
  readonly sources: readonly string[];
}

export interface Target {
  readonly address: string;
  readonly port: number;
  /** It is on this node, or on none that is named. */
  readonly isNear: boolean;
}

/** All ports of a service, in each family that it has anything in. */
export function resolve(service: ServiceRecord, slices: readonly SliceRecord[], place: Place): ServicePort[] {
  return ([4, 6] as const).flatMap((family) => {
    const ofFamily = slices.filter((slice) => slice.family === family);
    return service.ports.flatMap((port) => {
      const frontends = frontendsOf(service, port, family);
      return frontends.length === 0 ? [] : [resolvePort(service, port, family, frontends, ofFamily, place)];
    });
  });
}

function resolvePort(
  service: ServiceRecord,
  port: PortRecord,
  family: Family,
  frontends: readonly Frontend[],
  slices: readonly SliceRecord[],
  place: Place,
): ServicePort {
  const endpoints = candidates(port, slices);
  const targets = (chosen: readonly Candidate[]) => chosen.map((one) => targetOf(one, place));
  const toLocal = frontends.some(({ to }) => to === "local");
  return {
    key: `${service.key}:${port.name || port.port}/${port.protocol}/${family}`,
    family,
    protocol: port.protocol,
    affinity: service.affinity,
    frontends,
    all: targets(usable(endpoints, service.publishNotReady, place)),
    local: toLocal ? targets(ofThisNode(endpoints, service.publishNotReady, place)) : [],
  };
}

/** An endpoint with the number that the service's port has there. */
interface Candidate {
  readonly endpoint: EndpointRecord;
  readonly port: number;
}

/** While slices are rewritten an endpoint may be in two of them: it is one, ready if either says so. */
function candidates({ name, protocol }: PortRecord, slices: readonly SliceRecord[]): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const { ports, endpoints } of slices) {
    const port = ports.find((one) => one.name === name && one.protocol === protocol)?.port;
    if (port === undefined) continue;
    for (const endpoint of endpoints) {
      const key = `${endpoint.address} ${port}`;
      if (!found.get(key)?.endpoint.ready) found.set(key, { endpoint, port });
    }
  }
  return [...found.values()];
}

function targetOf({ endpoint: { address, node }, port }: Candidate, { node: here }: Place): Target {
  return { address, port, isNear: node === "" || node === here };
}

function frontendsOf(service: ServiceRecord, { port, nodePort }: PortRecord, family: Family): Frontend[] {
  const isOf = (address: string) => (family === 6) === address.includes(":");
  const inside = service.internalPolicy === "Local" ? "local" : "all";
  const outside = service.externalPolicy === "Local" ? "local" : "all";
  const anybody: readonly string[] = [];
  const own = service.addresses.filter(isOf);
  // Node ports are of the families of the service's own addresses; of both where it has none.
  const hasNodePort = nodePort > 0 && (own.length > 0 || service.addresses.length === 0);
  return [
    ...own.map((address) => ({ kind: "cluster", address, port, to: inside, sources: anybody }) as const),
    ...service.balancerAddresses
      .filter(isOf)
      .map((address) => ({ kind: "balancer", address, port, to: outside, sources: service.sourceRanges }) as const),
    ...service.externalAddresses
      .filter(isOf)
      .map((address) => ({ kind: "external", address, port, to: outside, sources: anybody }) as const),
    ...(hasNodePort ? [{ kind: "node", address: "", port: nodePort, to: outside, sources: anybody } as const] : []),
  ];
}
