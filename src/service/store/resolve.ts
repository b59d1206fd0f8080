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

const FAMILIES = [4, 6] as const;

/** All ports of a service, in each family that it has anything in. */
export function resolve(service: ServiceRecord, slices: readonly SliceRecord[], place: Place): ServicePort[] {
  const ports: ServicePort[] = [];
  for (const family of FAMILIES) {
    const addresses = addressesOf(service, family);
    const ofFamily = slices.filter((slice) => slice.family === family);
    for (const port of service.ports) {
      const frontends = frontendsOf(service, port, addresses);
      if (frontends.length > 0) ports.push(resolvePort(service, port, family, frontends, ofFamily, place));
    }
  }
  return ports;
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
  let usual: number | undefined;
  for (const { ports, endpoints } of slices) {
    const port = ports.find((one) => one.name === name && one.protocol === protocol)?.port;
    if (port === undefined) continue;
    usual ??= port;
    for (const endpoint of endpoints) {
      const key = port === usual ? endpoint.address : `${endpoint.address} ${port}`;
      if (!found.get(key)?.endpoint.ready) found.set(key, { endpoint, port });
    }
  }
  return [...found.values()];
}

function targetOf({ endpoint: { address, node }, port }: Candidate, { node: here }: Place): Target {
  return { address, port, isNear: node === "" || node === here };
}

/** The addresses of a service in one family. */
interface Addresses {
  readonly own: readonly string[];
  readonly balancers: readonly string[];
  readonly external: readonly string[];
  /** Node ports are of the families of the service's own addresses; of both where it has none. */
  readonly hasNodePorts: boolean;
}

function addressesOf(service: ServiceRecord, family: Family): Addresses {
  const isOf = (address: string) => (family === 6) === address.includes(":");
  const own = service.addresses.filter(isOf);
  return {
    own,
    balancers: service.balancerAddresses.filter(isOf),
    external: service.externalAddresses.filter(isOf),
    hasNodePorts: own.length > 0 || service.addresses.length === 0,
  };
}

const ANYBODY: readonly string[] = [];

function frontendsOf(service: ServiceRecord, { port, nodePort }: PortRecord, addresses: Addresses): Frontend[] {
  const { own, balancers, external, hasNodePorts } = addresses;
  const inside = service.internalPolicy === "Local" ? "local" : "all";
  const to = service.externalPolicy === "Local" ? "local" : "all";
  const { sourceRanges } = service;
  const frontends: Frontend[] = [];
  for (const address of own) frontends.push({ kind: "cluster", address, port, to: inside, sources: ANYBODY });
  for (const address of balancers) frontends.push({ kind: "balancer", address, port, to, sources: sourceRanges });
  for (const address of external) frontends.push({ kind: "external", address, port, to, sources: ANYBODY });
  if (nodePort > 0 && hasNodePorts) frontends.push({ kind: "node", address: "", port: nodePort, to, sources: ANYBODY });
  return frontends;
}
