import { type Difference, frontendText } from "../sinks/nft/compare.ts";
import type { Store } from "../store/store.ts";

/** Differences between the store and the kernel, by the services that they are of. Pure. */

/** One that a person can read. */
export interface NamedDifference {
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

/** What a group has is how many endpoints are chosen among. */
const COUNT = "of another number of endpoints in the kernel than in the store";

function nameOf(
  { family, kind, element, found, endpoint, frontends }: Difference,
  services: ReadonlyMap<string, string>,
) {
  const number = family === "ip" ? 4 : 6;
  const names = frontends.flatMap((frontend) => services.get(`${number} ${frontend}`) ?? []);
  const what = `table ${family} berth-services: ${element}`;
  return {
    service: names[0] ?? "",
    family: family === "ip" ? ("IPv4" as const) : ("IPv6" as const),
    ...(endpoint !== undefined && { endpoint: endText(endpoint) }),
    says: kind === "other" && element.startsWith("groups ") ? COUNT : SAYS[kind],
    evidence: found === undefined ? what : `${what}; there is ${found}`,
  };
}

function endText(endpoint: string): string {
  const [address = "", port] = endpoint.split(" ");
  const bracketed = address.includes(":") && port !== undefined ? `[${address}]` : address;
  return port === undefined ? address : `${bracketed}:${port}`;
}
