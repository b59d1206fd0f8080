/** What Kubernetes asks of a Service beyond its keys' types, where berthd would lead nobody, or elsewhere than is meant. Pure. */

/** What a Service's spec says, as far as it is checked here. Addresses are canonical; "" is None. */
export interface CheckedSpec {
  readonly type?: string | null | undefined;
  readonly externalName: string;
  readonly clusterIP?: string | null | undefined;
  readonly clusterIPs: readonly string[];
  readonly ports: readonly CheckedPort[];
}

export interface CheckedPort {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
  readonly nodePort?: number | null | undefined;
}

/** The path in what is checked, and what was expected there. */
export type Wrong = readonly [path: readonly (string | number)[], message: string];

export function wrongInSpec(spec: CheckedSpec): Wrong[] {
  if (spec.type === "ExternalName")
    return spec.externalName === "" ? [[["externalName"], "expected a name, as type is ExternalName"]] : [];
  return [...wrongAddresses(spec), ...wrongPorts(spec)];
}

function wrongAddresses({ type, clusterIP, clusterIPs }: CheckedSpec): Wrong[] {
  const [first, second] = clusterIPs;
  const wrong: Wrong[] = [];
  if (first !== undefined && clusterIP && clusterIP !== first)
    wrong.push([["clusterIPs", 0], "expected the same as clusterIP"]);
  if (second !== undefined) {
    if (clusterIPs.includes("")) wrong.push([["clusterIPs"], "expected None alone, or addresses"]);
    else if (clusterIPs.length > 2 || isV6(first ?? "") === isV6(second))
      wrong.push([["clusterIPs"], "expected one address of each family at most"]);
  }
  const isHeadless = clusterIP === "" || first === "";
  if (isHeadless && (type === "NodePort" || type === "LoadBalancer"))
    wrong.push([[first === "" ? "clusterIPs" : "clusterIP"], `expected an address, as type is ${type}`]);
  return wrong;
}

const isV6 = (address: string) => address.includes(":");

function wrongPorts({ type, clusterIP, clusterIPs, ports }: CheckedSpec): Wrong[] {
  if (ports.length === 0) {
    const isHeadless = clusterIP === "" || clusterIPs[0] === "";
    return isHeadless ? [] : [[["ports"], "expected a port: only a headless service may have none"]];
  }
  const wrong: Wrong[] = wrongNames(ports, true).map(([path, message]) => [["ports", ...path], message]);
  const seen = new Set<string>();
  for (const [i, { protocol, port, nodePort }] of ports.entries()) {
    if (nodePort && (type ?? "ClusterIP") === "ClusterIP")
      wrong.push([["ports", i, "nodePort"], "expected none: type is ClusterIP"]);
    if (ports.length < 2) break;
    for (const [key, value] of [["port", port] as const, ["nodePort", nodePort] as const]) {
      const id = `${key} ${value}/${protocol}`;
      if (value && seen.has(id))
        wrong.push([["ports", i, key], `expected another: ${value}/${protocol} is there already`]);
      seen.add(id);
    }
  }
  return wrong;
}

/** Several ports are told apart by their names. */
export function wrongNames(ports: readonly { readonly name: string }[], allHaveOne: boolean): Wrong[] {
  if (ports.length < 2) return [];
  const wrong: Wrong[] = [];
  const names = new Set<string>();
  for (const [i, { name }] of ports.entries()) {
    if (allHaveOne && name === "") wrong.push([[i, "name"], "expected a name, as there are several ports"]);
    else if (names.has(name)) wrong.push([[i, "name"], "expected another: a port before it has this name"]);
    names.add(name);
  }
  return wrong;
}
