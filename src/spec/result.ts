import type { Ip, Prefix } from "../base/ip.ts";

/** What an ADD made, whatever spec version it is written in (result-render.ts, result-parse.ts). */
export interface Result {
  readonly interfaces: readonly Interface[];
  readonly ips: readonly IpConfig[];
  readonly routes: readonly Route[];
  readonly dns: Dns;
}

export interface Interface {
  readonly name: string;
  readonly mac?: string;
  readonly mtu?: number;
  /** Path of the namespace that the interface is in; absent for the host's. */
  readonly sandbox?: string;
  readonly socketPath?: string;
  readonly pciID?: string;
}

export interface IpConfig {
  /** Index into `interfaces`; absent in the results of IPAM plugins. */
  readonly interface?: number;
  readonly address: Prefix;
  readonly gateway?: Ip;
}

export interface Route {
  readonly dst: Prefix;
  /** Absent: a route to the link itself, or through the address's gateway, as the plugin decides. */
  readonly gw?: Ip;
  readonly mtu?: number;
  readonly advmss?: number;
  readonly priority?: number;
  /** Absent: the main table. 0 is a value of its own. */
  readonly table?: number;
  readonly scope?: number;
}

/** Resolver settings; what is absent was not given, which an empty list is not. */
export interface Dns {
  readonly nameservers?: readonly string[];
  readonly domain?: string;
  readonly search?: readonly string[];
  readonly options?: readonly string[];
}

/** Whether there is nothing in it worth printing. */
export function isEmptyDns(dns: Dns): boolean {
  return !dns.nameservers?.length && !dns.domain && !dns.search?.length && !dns.options?.length;
}
