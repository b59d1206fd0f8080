/** A result of one version as one of another, as libcni converts them. */
import { familyOf, parsePrefix } from "../base/ip.ts";
import { CniError, INCOMPATIBLE_VERSION } from "../spec/errors.ts";
import { familyOfVersion, isVersion } from "../spec/versions.ts";
import {
  is020,
  is100,
  type NetworkResult,
  type Result020,
  type Result040,
  type Result100,
  type ResultRoute,
} from "./result.ts";
import { some, written } from "./result-read.ts";

/**
 * The result in a version; "" is 0.1.0. What the older version has no words for is lost.
 * @throws CniError 1 for an unknown version, and for a result without addresses in 0.1.0 or 0.2.0
 */
export function resultAs(result: NetworkResult, version: string): NetworkResult {
  const wanted = version || "0.1.0";
  const { cniVersion } = result;
  if (cniVersion === wanted) return result;
  if (!isVersion(wanted)) {
    throw new CniError(INCOMPATIBLE_VERSION, `no converter for CNI result version ${cniVersion} to ${wanted}`);
  }
  if (familyOfVersion(cniVersion).includes(wanted)) return { ...result, cniVersion: wanted } as NetworkResult;
  const middle = is020(result) ? from020(result) : is100(result) ? from100(result) : result;
  if (wanted === "1.0.0" || wanted === "1.1.0") return to100(middle, wanted);
  if (wanted === "0.1.0" || wanted === "0.2.0") return to020(middle, wanted);
  return { ...middle, cniVersion: wanted };
}

function from020({ ip4, ip6, dns }: Result020): Result040 {
  const both = [
    { version: "4", one: ip4 },
    { version: "6", one: ip6 },
  ].flatMap(({ version, one }) => (one === undefined ? [] : [{ version, one }]));
  return written({
    cniVersion: "0.4.0" as const,
    ips: some(both.map(({ version, one: { ip, gateway } }) => written({ version, address: ip, gateway }))),
    routes: some(both.flatMap(({ one }) => one.routes ?? [])),
    dns,
  });
}

function from100({ interfaces, ips, routes, dns = {} }: Result100): Result040 {
  return written({
    cniVersion: "0.4.0" as const,
    interfaces: interfaces?.map(({ name, mac, sandbox }) => written({ name, mac, sandbox })),
    ips: ips?.map(({ interface: index, address, gateway }) =>
      written({ version: isIpv4(address) ? "4" : "6", interface: index, address, gateway }),
    ),
    routes,
    dns,
  });
}

function to100({ interfaces, ips, routes, dns }: Result040, cniVersion: Result100["cniVersion"]): Result100 {
  return written({
    cniVersion,
    interfaces: interfaces?.map(({ name, mac, sandbox }) => written({ name, mac, sandbox })),
    ips: ips?.map(({ interface: index, address, gateway }) => written({ interface: index, address, gateway })),
    routes,
    dns: Object.keys(dns).length > 0 ? dns : undefined,
  });
}

/** The first address of each family, with the routes of that family. */
function to020({ ips = [], routes = [], dns }: Result040, cniVersion: Result020["cniVersion"]): Result020 {
  const ip4 = ips.find(({ version }) => version === "4");
  const ip6 = ips.find(({ version }) => version === "6");
  if (ip4 === undefined && ip6 === undefined) {
    throw new CniError(INCOMPATIBLE_VERSION, "cannot convert: no valid IP addresses");
  }
  const routesOf = (ipv4: boolean): ResultRoute[] =>
    routes.filter(({ dst }) => isIpv4(dst) === ipv4).map(({ dst, gw }) => written({ dst, gw }));
  return written({
    cniVersion,
    ip4: ip4 && written({ ip: ip4.address, gateway: ip4.gateway, routes: some(routesOf(true)) }),
    ip6: ip6 && written({ ip: ip6.address, gateway: ip6.gateway, routes: some(routesOf(false)) }),
    dns,
  });
}

function isIpv4(cidr: string): boolean {
  const prefix = parsePrefix(cidr);
  return prefix !== undefined && familyOf(prefix.ip) === 4;
}
