import type { Prefix } from "../base/ip.ts";
import { dnsSchema } from "./config.ts";
import { array, type Decoded, decode, goObject, int, ip, prefix, string } from "./decode.ts";
import { CniError, INCOMPATIBLE_VERSION, INVALID_CONFIG } from "./errors.ts";
import { quote } from "./quote.ts";
import type { Interface, IpConfig, Result, Route } from "./result.ts";
import { familyOfVersion, isVersion, type Version } from "./versions.ts";

/** One row per version: how a result written in it is read. `where` names it in messages. */
const ROWS = {
  "0.1.0": parseLegacy,
  "0.2.0": parseLegacy,
  "0.3.0": parseModern,
  "0.3.1": parseModern,
  "0.4.0": parseModern,
  "1.0.0": parseModern,
  "1.1.0": parseModern,
} satisfies Record<Version, (json: unknown, where: string) => Result>;

const versionSchema = goObject({ cniVersion: string });

/**
 * Reads a plugin's result, written in its own cniVersion, or in `version` when it says none. null is an empty result.
 * @throws CniError 1 for an unknown version, 6 or 7 for what is no result
 */
export function parseResult(json: unknown, version: Version, where = "result"): Result {
  const value = json ?? {};
  const own = decode(versionSchema, value, where).cniVersion || version;
  if (!isVersion(own)) throw new CniError(INCOMPATIBLE_VERSION, `unsupported CNI result version ${quote(own)}`);
  return ROWS[own](value, where);
}

/**
 * Reads a configuration's prevResult, which must be of the version family of the configuration's `version`.
 * @throws CniError 1 for another family, 6 or 7 for what is no result
 */
export function parsePrevResult(json: unknown, version: Version): Result {
  const own = decode(versionSchema, json, "prevResult").cniVersion || version;
  const family: readonly string[] = familyOfVersion(version);
  if (!family.includes(own)) {
    throw new CniError(
      INCOMPATIBLE_VERSION,
      `could not parse prevResult: result type supports [${family.join(" ")}] but unmarshalled CNIVersion is ${quote(own)}`,
      `the configuration's cniVersion is ${quote(version)}: plugins of one list are called with one version`,
    );
  }
  return ROWS[version](json, "prevResult");
}

const interfaceSchema = goObject({
  name: string,
  mac: string,
  mtu: int,
  sandbox: string,
  socketPath: string,
  pciID: string,
});

const ipSchema = goObject({ interface: int, address: prefix, gateway: ip });

/** A route as results and configurations (host-local's `routes`) write it; `dst` is required, which `toRoute` checks. */
export const routeSchema = goObject({
  dst: prefix,
  gw: ip,
  mtu: int,
  advmss: int,
  priority: int,
  table: int,
  scope: int,
});

const modernSchema = goObject({
  interfaces: array(interfaceSchema),
  ips: array(ipSchema),
  routes: array(routeSchema),
  dns: dnsSchema,
});

function parseModern(json: unknown, where: string): Result {
  const { interfaces = [], ips = [], routes = [], dns = {} } = decode(modernSchema, json, where);
  return {
    interfaces: interfaces.map(({ name = "", ...rest }): Interface => ({ name, ...rest })),
    ips: ips.map((one, i): IpConfig => ({ ...one, address: required(one.address, `${where}.ips[${i}].address`) })),
    routes: routes.map((route, i) => toRoute(route, `${where}.routes[${i}]`)),
    dns,
  };
}

/** A decoded route, named `where` in messages. @throws CniError 7 when it has no `dst` */
export function toRoute(route: Decoded<typeof routeSchema>, where: string): Route {
  required(route.dst, `${where}.dst`);
  // Itself, and not a copy: there may be thousands.
  return route as Route;
}

const legacyIpSchema = goObject({ ip: prefix, gateway: ip, routes: array(routeSchema) });

const legacySchema = goObject({ ip4: legacyIpSchema, ip6: legacyIpSchema, dns: dnsSchema });

function parseLegacy(json: unknown, where: string): Result {
  const { ip4, ip6, dns = {} } = decode(legacySchema, json, where);
  const ips: IpConfig[] = [];
  const routes: Route[] = [];
  for (const [key, config] of [["ip4", ip4] as const, ["ip6", ip6] as const]) {
    if (!config) continue;
    const gateway = config.gateway ? { gateway: config.gateway } : {};
    ips.push({ address: required(config.ip, `${where}.${key}.ip`), ...gateway });
    config.routes?.forEach((route, i) => {
      routes.push(toRoute(route, `${where}.${key}.routes[${i}]`));
    });
  }
  return { interfaces: [], ips, routes, dns };
}

function required(value: Prefix | undefined, path: string): Prefix {
  if (value) return value;
  throw new CniError(INVALID_CONFIG, `${path} is missing`, "expected address/length, for example 10.1.2.3/24");
}
