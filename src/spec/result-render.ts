import { familyOf, formatIp, formatPrefix } from "../base/ip.ts";
import { CniError, INCOMPATIBLE_VERSION } from "./errors.ts";
import { type Dns, type Interface, type IpConfig, isEmptyDns, type Result, type Route } from "./result.ts";
import type { Version } from "./versions.ts";

/** One row per version: a result in its JSON form, members in the order in which the reference prints them. */
const ROWS = {
  "0.1.0": legacy,
  "0.2.0": legacy,
  "0.3.0": middle,
  "0.3.1": middle,
  "0.4.0": middle,
  "1.0.0": modern,
  "1.1.0": modern,
} satisfies Record<Version, (result: Result) => object>;

/**
 * The JSON of a result in a spec version: indented by four spaces, no newline at the end.
 * @throws CniError 1 when it has no addresses and the version (0.1.0, 0.2.0) knows nothing else
 */
export function renderResult(result: Result, version: Version): string {
  return JSON.stringify({ cniVersion: version, ...ROWS[version](result) }, null, 4);
}

/** 1.x: members in alphabetical order, empty ones left out. */
function modern(result: Result): object {
  return {
    dns: isEmptyDns(result.dns) ? undefined : alphabeticalDns(result.dns),
    interfaces: list(result.interfaces.map(modernInterface)),
    ips: list(result.ips.map(modernIp)),
    routes: list(result.routes.map(modernRoute)),
  };
}

function modernInterface({ mac, mtu, name, pciID, sandbox, socketPath }: Interface): object {
  return {
    mac: some(mac),
    mtu: some(mtu),
    name,
    pciID: some(pciID),
    sandbox: some(sandbox),
    socketPath: some(socketPath),
  };
}

function modernIp(ip: IpConfig): object {
  return { address: formatPrefix(ip.address), gateway: ip.gateway && formatIp(ip.gateway), interface: ip.interface };
}

function modernRoute({ advmss, dst, gw, mtu, priority, scope, table }: Route): object {
  return {
    advmss: some(advmss),
    dst: formatPrefix(dst),
    gw: gw && formatIp(gw),
    mtu: some(mtu),
    priority: some(priority),
    scope,
    table,
  };
}

/** 0.3.0 to 0.4.0: addresses say their family, `dns` is always there. */
function middle(result: Result): object {
  return {
    interfaces: list(
      result.interfaces.map(({ name, mac, sandbox }) => ({ name, mac: some(mac), sandbox: some(sandbox) })),
    ),
    ips: list(
      result.ips.map((ip) => ({
        version: String(familyOf(ip.address.ip)),
        interface: ip.interface,
        address: formatPrefix(ip.address),
        gateway: ip.gateway && formatIp(ip.gateway),
      })),
    ),
    routes: list(result.routes.map(middleRoute)),
    dns: structDns(result.dns),
  };
}

function middleRoute({ dst, gw, mtu, advmss, priority, table, scope }: Route): object {
  return {
    dst: formatPrefix(dst),
    gw: gw && formatIp(gw),
    mtu: some(mtu),
    advmss: some(advmss),
    priority: some(priority),
    table,
    scope,
  };
}

/** 0.1.0 and 0.2.0: the first address of each family with the routes of that family; no interfaces. */
function legacy(result: Result): object {
  const ip4 = legacyIp(result, 4);
  const ip6 = legacyIp(result, 6);
  if (!ip4 && !ip6) throw new CniError(INCOMPATIBLE_VERSION, "cannot convert: no valid IP addresses");
  return { ip4, ip6, dns: structDns(result.dns) };
}

function legacyIp(result: Result, family: 4 | 6): object | undefined {
  const ip = result.ips.find(({ address }) => familyOf(address.ip) === family);
  if (!ip) return undefined;
  const routes = result.routes.filter(({ dst }) => familyOf(dst.ip) === family);
  return {
    ip: formatPrefix(ip.address),
    gateway: ip.gateway && formatIp(ip.gateway),
    routes: list(routes.map(({ dst, gw }) => ({ dst: formatPrefix(dst), gw: gw && formatIp(gw) }))),
  };
}

function alphabeticalDns(dns: Dns): object {
  return {
    domain: some(dns.domain),
    nameservers: list(dns.nameservers),
    options: list(dns.options),
    search: list(dns.search),
  };
}

function structDns(dns: Dns): object {
  return {
    nameservers: list(dns.nameservers),
    domain: some(dns.domain),
    search: list(dns.search),
    options: list(dns.options),
  };
}

/** A list worth printing, or undefined, which JSON leaves out. */
function list<T>(items: readonly T[] | undefined): readonly T[] | undefined {
  return items?.length ? items : undefined;
}

/** A value worth printing: not empty, not zero. */
function some<T extends string | number>(value: T | undefined): T | undefined {
  return value || undefined;
}
