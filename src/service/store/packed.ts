import type {
  EndpointRecord,
  Family,
  ObjectRecord,
  Policy,
  PortRecord,
  Protocol,
  ServiceRecord,
  ServiceType,
  SlicePort,
  SliceRecord,
} from "./records.ts";

/**
 * Records as they are kept: as text, which for a service with its endpoints takes some 200 bytes, where the objects take 1,500. Two
 * records say the same when their texts do; when that happened (`since`) is no part of it.
 */
export interface PackedRecord {
  readonly kind: ObjectRecord["kind"];
  /** `NAMESPACE/NAME`, and of a slice the service's; of a service its own. */
  readonly key: string;
  readonly service: string;
  /** As of the record. */
  readonly since: number;
  readonly text: string;
}

const PROTOCOLS = ["tcp", "udp", "sctp"] as const satisfies Protocol[];
const POLICIES = ["Cluster", "Local"] as const satisfies Policy[];
const TYPES = ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"] as const satisfies ServiceType[];

type PortText = [name: string, protocol: number, port: number, nodePort: number];
type ServiceText = [
  addresses: readonly string[],
  ports: readonly PortText[],
  externalAddresses: readonly string[],
  balancerAddresses: readonly string[],
  sourceRanges: readonly string[],
  internalPolicy: number,
  externalPolicy: number,
  affinity: number,
  publishNotReady: 0 | 1,
  distribution: string,
  type: number,
  externalName: string,
];

/** Bits of the conditions of an endpoint. */
const READY = 1;
const SERVING = 2;
const TERMINATING = 4;

type SlicePortText = [name: string, protocol: number, port: number];
type EndpointText = [
  address: string,
  conditions: number,
  node: string,
  forZones?: readonly string[] | 0,
  forNodes?: readonly string[] | 0,
];
type SliceText = [family: Family, ports: readonly SlicePortText[], endpoints: readonly EndpointText[]];

export function packed(record: ObjectRecord): PackedRecord {
  const { kind, key, since } = record;
  if (kind === "service") return { kind, key, service: key, since, text: JSON.stringify(serviceText(record)) };
  return { kind, key, service: record.service, since, text: JSON.stringify(sliceText(record)) };
}

function serviceText(record: ServiceRecord): ServiceText {
  return [
    record.addresses,
    record.ports.map(({ name, protocol, port, nodePort }) => [name, PROTOCOLS.indexOf(protocol), port, nodePort]),
    record.externalAddresses,
    record.balancerAddresses,
    record.sourceRanges,
    POLICIES.indexOf(record.internalPolicy),
    POLICIES.indexOf(record.externalPolicy),
    record.affinity,
    record.publishNotReady ? 1 : 0,
    record.distribution,
    TYPES.indexOf(record.type),
    record.externalName,
  ];
}

function sliceText({ family, ports, endpoints }: SliceRecord): SliceText {
  return [
    family,
    ports.map(({ name, protocol, port }) => [name, PROTOCOLS.indexOf(protocol), port]),
    endpoints.map(endpointText),
  ];
}

function endpointText(endpoint: EndpointRecord): EndpointText {
  const { address, ready, serving, terminating, node, forZones, forNodes } = endpoint;
  const conditions = (ready ? READY : 0) | (serving ? SERVING : 0) | (terminating ? TERMINATING : 0);
  if (!forZones && !forNodes) return [address, conditions, node];
  return [address, conditions, node, forZones ?? 0, forNodes ?? 0];
}

/** The service that was packed. */
export function unpackService({ key, since, text }: PackedRecord): ServiceRecord {
  const [addresses, ports, external, balancers, ranges, internal, externalPolicy, affinity, notReady, ...more] =
    JSON.parse(text) as ServiceText;
  const [distribution, type, externalName] = more;
  return {
    kind: "service",
    key,
    type: TYPES[type] ?? "ClusterIP",
    externalName,
    addresses,
    ports: ports.map(portOf),
    externalAddresses: external,
    balancerAddresses: balancers,
    sourceRanges: ranges,
    internalPolicy: POLICIES[internal] ?? "Cluster",
    externalPolicy: POLICIES[externalPolicy] ?? "Cluster",
    affinity,
    publishNotReady: notReady === 1,
    distribution,
    since,
  };
}

function portOf([name, protocol, port, nodePort]: PortText): PortRecord {
  return { name, protocol: PROTOCOLS[protocol] ?? "tcp", port, nodePort };
}

/** The slice that was packed. */
export function unpackSlice({ key, service, since, text }: PackedRecord): SliceRecord {
  const [family, ports, endpoints] = JSON.parse(text) as SliceText;
  return {
    kind: "slice",
    key,
    service,
    family,
    ports: ports.map(slicePortOf),
    endpoints: endpoints.map(endpointOf),
    since,
  };
}

function slicePortOf([name, protocol, port]: SlicePortText): SlicePort {
  return { name, protocol: PROTOCOLS[protocol] ?? "tcp", port };
}

function endpointOf([address, conditions, node, forZones, forNodes]: EndpointText): EndpointRecord {
  const endpoint = {
    address,
    ready: (conditions & READY) !== 0,
    serving: (conditions & SERVING) !== 0,
    terminating: (conditions & TERMINATING) !== 0,
    node,
  };
  if (!forZones && !forNodes) return endpoint;
  return { ...endpoint, ...(forZones && { forZones }), ...(forNodes && { forNodes }) };
}
