import { ageText } from "../../base/age.ts";
import type { EndpointRecord, PortRecord, ServiceRecord, SliceRecord } from "../store/records.ts";
import type { ServicePort } from "../store/resolve.ts";

/** Services and endpoints as tables of words, under kubectl's heads where it has them. Pure. */

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A service with all that is known of it. */
export interface Subject {
  readonly key: string;
  /** Undefined: there are only endpoints of it, or it is gone. */
  readonly service: ServiceRecord | undefined;
  readonly slices: readonly SliceRecord[];
  /** As this node carries it; made when asked for. */
  ports(): readonly ServicePort[];
}

export interface TableOptions {
  readonly wide: boolean;
  /** In milliseconds since the epoch. */
  readonly now: number;
}

/** What tables there are: columns, and the rows of one service. */
export interface TableKind {
  readonly columns: (wide: boolean) => readonly string[];
  readonly rows: (subject: Subject, options: TableOptions) => string[][];
}

const NONE = "<none>";

const joined = (words: readonly string[]): string => words.join(",") || NONE;

export const SERVICES: TableKind = {
  columns: (wide) => [
    ...["namespace", "name", "type", "cluster-ip", "external-ip", "port(s)", "ready", "changed"],
    ...(wide ? ["policy", "affinity", "endpoints"] : []),
  ],
  rows({ key, service, slices }, { wide, now }) {
    if (!service) return [];
    const endpoints = distinct(slices);
    const ready = endpoints.filter((endpoint) => endpoint.ready || service.publishNotReady);
    return [
      [
        ...namesOf(key),
        service.type,
        service.addresses.join(",") || (service.type === "ExternalName" ? NONE : "None"),
        joined([...service.balancerAddresses, ...service.externalAddresses, ...named(service.externalName)]),
        joined(service.ports.map(portText)),
        `${ready.length}/${endpoints.length}`,
        changedText([service.since, ...slices.map(({ since }) => since)], now),
        ...(wide ? [policyText(service), affinityText(service), joined(endpoints.map(({ address }) => address))] : []),
      ],
    ];
  },
};

export const ENDPOINTS: TableKind = {
  columns: (wide) => [
    ...["namespace", "service", "port", "endpoint", "node", "state", "used"],
    ...(wide ? ["slice", "hints", "changed"] : []),
  ],
  rows({ key, slices, ports: portsOf }, { wide, now }) {
    const ports = portsOf();
    return slices.flatMap((slice) =>
      slice.endpoints.flatMap((endpoint) =>
        slice.ports.map(({ name, protocol, port }) => [
          ...namesOf(key),
          `${name || port}/${protocol}`,
          endText(endpoint.address, port),
          endpoint.node || NONE,
          stateOf(endpoint),
          useOf(ports, endpoint.address, port),
          ...(wide ? [slice.key.slice(slice.key.indexOf("/") + 1), hintsOf(endpoint), ageOf(slice.since, now)] : []),
        ]),
      ),
    );
  },
};

const named = (name: string): string[] => (name === "" ? [] : [name]);

/** `NAMESPACE/NAME` as two words. */
export function namesOf(key: string): [namespace: string, name: string] {
  const slash = key.indexOf("/");
  return [key.slice(0, slash), key.slice(slash + 1)];
}

/** Each address once, ready if one of the slices says so. */
function distinct(slices: readonly SliceRecord[]): EndpointRecord[] {
  const found = new Map<string, EndpointRecord>();
  for (const { endpoints } of slices)
    for (const endpoint of endpoints) if (!found.get(endpoint.address)?.ready) found.set(endpoint.address, endpoint);
  return [...found.values()];
}

/** As kubectl has it: `80/TCP`, `80:30080/TCP`. */
function portText({ port, nodePort, protocol }: PortRecord): string {
  return `${port}${nodePort > 0 ? `:${nodePort}` : ""}/${protocol.toUpperCase()}`;
}

function policyText({ internalPolicy, externalPolicy }: ServiceRecord): string {
  return `internal=${internalPolicy},external=${externalPolicy}`;
}

const affinityText = ({ affinity }: ServiceRecord): string => (affinity > 0 ? `ClientIP:${affinity}s` : NONE);

function stateOf({ ready, serving, terminating }: EndpointRecord): string {
  if (terminating) return serving ? "ending" : "ended";
  return ready ? "ready" : "not ready";
}

/** Whether this node leads anybody there: of `local` only whom policy Local binds. */
function useOf(ports: readonly ServicePort[], address: string, port: number): string {
  const isIn = (targets: ServicePort["all"]) =>
    targets.some((target) => target.address === address && target.port === port);
  if (ports.some(({ all }) => isIn(all))) return "yes";
  return ports.some(({ local }) => isIn(local)) ? "local" : "no";
}

function hintsOf({ forZones, forNodes }: EndpointRecord): string {
  const words = (kind: string, names: readonly string[] = []) => names.map((name) => `${kind}=${name}`);
  return joined([...words("zone", forZones), ...words("node", forNodes)]);
}

/** How long ago the last change was. */
function changedText(times: readonly number[], now: number): string {
  return ageOf(Math.max(...times), now);
}

const ageOf = (since: number, now: number): string => (since > 0 ? ageText((now - since) / 1000) : "<unknown>");

const endText = (address: string, port: number): string =>
  address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
