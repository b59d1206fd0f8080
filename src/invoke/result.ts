/** Results as plugins print them: JSON of one of three shapes, which `cniVersion` tells apart. */

/** A CIDR as `dst`, addresses as text. What is absent was not given; in `table` and `scope` 0 is a value of its own. */
export interface ResultRoute {
  readonly dst: string;
  readonly gw?: string;
  readonly mtu?: number;
  readonly advmss?: number;
  readonly priority?: number;
  readonly table?: number;
  readonly scope?: number;
}

export interface ResultDns {
  readonly nameservers?: readonly string[];
  readonly domain?: string;
  readonly search?: readonly string[];
  readonly options?: readonly string[];
}

export interface Result020Ip {
  /** A CIDR, the container's address in it. */
  readonly ip: string;
  readonly gateway?: string;
  readonly routes?: readonly ResultRoute[];
}

/** CNI 0.1.0 and 0.2.0. */
export interface Result020 {
  readonly cniVersion: "0.1.0" | "0.2.0";
  readonly ip4?: Result020Ip;
  readonly ip6?: Result020Ip;
  readonly dns: ResultDns;
}

export interface Result040Interface {
  readonly name: string;
  readonly mac?: string;
  /** Path of the namespace that it is in; absent for the host's. */
  readonly sandbox?: string;
}

export interface Result040Ip {
  readonly version: string;
  /** Index into `interfaces`. */
  readonly interface?: number;
  readonly address: string;
  readonly gateway?: string;
}

/** CNI 0.3.0 to 0.4.0. */
export interface Result040 {
  readonly cniVersion: "0.3.0" | "0.3.1" | "0.4.0";
  readonly interfaces?: readonly Result040Interface[];
  readonly ips?: readonly Result040Ip[];
  readonly routes?: readonly ResultRoute[];
  readonly dns: ResultDns;
}

export interface Result100Interface extends Result040Interface {
  readonly mtu?: number;
  readonly socketPath?: string;
  readonly pciID?: string;
}

export interface Result100Ip {
  /** Index into `interfaces`. */
  readonly interface?: number;
  /** A CIDR, the container's address in it. */
  readonly address: string;
  readonly gateway?: string;
}

/** CNI 1.0.0 and 1.1.0. */
export interface Result100 {
  readonly cniVersion: "1.0.0" | "1.1.0";
  readonly interfaces?: readonly Result100Interface[];
  readonly ips?: readonly Result100Ip[];
  readonly routes?: readonly ResultRoute[];
  readonly dns?: ResultDns;
}

/** What a plugin gave for an ADD, in the version that it is written in: not always the list's. */
export type NetworkResult = Result020 | Result040 | Result100;

export function is020(result: NetworkResult): result is Result020 {
  return result.cniVersion === "0.1.0" || result.cniVersion === "0.2.0";
}

export function is100(result: NetworkResult): result is Result100 {
  return result.cniVersion === "1.0.0" || result.cniVersion === "1.1.0";
}
