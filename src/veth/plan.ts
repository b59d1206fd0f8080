import type { Ip, Prefix } from "../base/ip.ts";
import type { Mac } from "../base/mac.ts";
import type { Owner } from "../base/owner.ts";
import type { Undo } from "../base/undo.ts";
import type { Wishes } from "../features/all.ts";
import type { Machine } from "../features/machine.ts";
import type { Sandbox } from "../host/sandbox.ts";
import type { NetConf } from "../spec/config.ts";
import { CniError, INTERNAL } from "../spec/errors.ts";
import type { Call } from "../spec/plugin.ts";
import { type Dns, type IpConfig, isEmptyDns, type Result, type Route } from "../spec/result.ts";

/** What is configured of a container's link, whatever the host's end is for. */
export interface VethConfig {
  readonly common: Pick<NetConf, "ipamType" | "dns" | "prevResult">;
  /** Of ipMasq, ipMasqBackend and macspoofchk. */
  readonly wishes: Wishes;
  /** Bytes; 0 leaves it to the kernel. */
  readonly mtu: number;
  /** IPv6 duplicate address detection on the container's interface. */
  readonly enabledad: boolean;
  /** Requested for the container's interface. */
  readonly mac?: Mac;
}

/** What an ADD will make, as far as it is known before addresses are. Made of a call that has been checked. */
export interface VethPlan<Config extends VethConfig = VethConfig> {
  readonly owner: Owner;
  readonly netns: string;
  readonly config: Config;
  /** Type of the IPAM plugin; undefined: a link without addresses (layer 2). */
  readonly ipam: string | undefined;
}

/** The second part, once IPAM has answered. */
export interface Addressing {
  /** In the order of the result, each with its gateway. */
  readonly ips: readonly IpConfig[];
  readonly routes: readonly Route[];
  readonly dns: Dns;
}

/** What an ADD has to work with: the steps take of it what they need. */
export interface AddContext<Config extends VethConfig = VethConfig> {
  readonly call: Call;
  readonly plan: VethPlan<Config>;
  readonly host: Machine;
  readonly sandbox: Sandbox;
  readonly undo: Undo;
}

export function ownerOf({ name, env }: Call): Owner {
  return { network: name, containerId: env.containerId, ifname: env.ifname };
}

/** Nothing has been touched. */
export function planVeth<Config extends VethConfig>(call: Call, config: Config): VethPlan<Config> {
  return { owner: ownerOf(call), netns: call.env.netns, config, ipam: config.common.ipamType };
}

/** @throws CniError when IPAM gave no address */
export function assertAddress(ipam: string | undefined, { ips }: Result): void {
  if (ips.length > 0) return;
  throw new CniError(
    INTERNAL,
    "IPAM plugin returned missing IP config",
    `the ${ipam} plugin gave no address: see its configuration under "ipam"`,
  );
}

/** The configuration's own dns goes before IPAM's: any of its keys given, even an empty list, but not an empty domain. */
export function dnsOf({ common: { dns } }: Pick<VethConfig, "common">, ipam: Result): Dns {
  const own =
    !isEmptyDns(dns) || dns.nameservers !== undefined || dns.search !== undefined || dns.options !== undefined;
  return own ? dns : ipam.dns;
}

export function ipsOf({ ips }: Addressing): Ip[] {
  return ips.map(({ address }) => address.ip);
}

export function prefixesOf({ ips }: Pick<Addressing, "ips">): Prefix[] {
  return ips.map(({ address }) => address);
}
