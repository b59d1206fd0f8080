import type { Difference } from "../sinks/nft/compare.ts";
import { frontendText } from "../store/frontend-text.ts";
import type { Store } from "../store/store.ts";

/** Differences between the store and the kernel, by the services that they are of. Pure. */

/** One that a person can read. */
export interface NamedDifference {
  /** "endpoint 10.1.0.2:8080 of service default/web, port http/tcp (IPv4)". */
  readonly what: string;
  /** `NAMESPACE/NAME:PORT/PROTOCOL`; "": of no service that is known. */
  readonly service: string;
  readonly family: "IPv4" | "IPv6";
  /** `ADDRESS:PORT`; absent: it is not about one. */
  readonly endpoint?: string;
  /** "in the store and not in the kernel" … */
  readonly says: string;
  /** What was looked at, in nft's words. */
  readonly evidence: string;
}

/** How many are told one by one. */
const TOLD = 50;

export function namedDifferences(store: Store, differences: readonly Difference[]): NamedDifference[] {
  if (differences.length === 0) return [];
  const services = servicesByFrontend(store);
  return differences.slice(0, TOLD).map((one) => nameOf(one, services));
}

/** By family and frontend. */
function servicesByFrontend(store: Store): ReadonlyMap<string, string> {
  const services = new Map<string, string>();
  for (const key of store.keys()) {
    for (const { key: port, family, protocol, frontends } of store.portsOf(key)) {
      const name = port.slice(0, port.lastIndexOf("/"));
      for (const { address, port } of frontends)
        services.set(`${family} ${frontendText(address, protocol, port)}`, name);
    }
  }
  return services;
}

const SAYS = {
  missing: "in the store and not in the kernel",
  extra: "in the kernel and not in the store",
  other: "not the same in the store and in the kernel",
  layout: "not as berthd made it",
} as const;

/** Of a group: what it has is how many endpoints are chosen among. */
const COUNT = "of another number of endpoints in the kernel than in the store";

function nameOf(difference: Difference, services: ReadonlyMap<string, string>): NamedDifference {
  const { family, kind, element, found, endpoint, frontends } = difference;
  const number = family === "ip" ? 4 : 6;
  const [service = ""] = frontends.flatMap((frontend) => services.get(`${number} ${frontend}`) ?? []);
  const end = endpoint === undefined ? undefined : endText(endpoint);
  const evidence = `table ${family} berth-services: ${element}`;
  return {
    what: kind === "layout" ? `table ${family} berth-services` : whatOf(service, `IPv${number}`, end),
    service,
    family: `IPv${number}`,
    ...(end !== undefined && { endpoint: end }),
    says: kind === "other" && element.startsWith("groups ") ? COUNT : SAYS[kind],
    evidence: found === undefined ? evidence : `${evidence}; there is ${found}`,
  };
}

function whatOf(service: string, family: string, endpoint: string | undefined): string {
  const [name, port] = service.split(/:(?=[^:]*$)/);
  const of = service === "" ? "of no known service" : `of service ${name}, port ${port}`;
  return endpoint === undefined
    ? `what leads to an endpoint ${of} (${family})`
    : `endpoint ${endpoint} ${of} (${family})`;
}

function endText(endpoint: string): string {
  const [address = "", port] = endpoint.split(" ");
  const bracketed = address.includes(":") && port !== undefined ? `[${address}]` : address;
  return port === undefined ? address : `${bracketed}:${port}`;
}
