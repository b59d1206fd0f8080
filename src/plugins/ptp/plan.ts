import { formatIp, formatPrefix, type Ip, type Prefix } from "../../base/ip.ts";
import type { Offer } from "../../spec/delegate.ts";
import { CniError, INVALID_CONFIG } from "../../spec/errors.ts";
import type { IpConfig, Result } from "../../spec/result.ts";
import { type Addressing, assertAddress, dnsOf, prefixesOf } from "../../veth/plan.ts";
import { assertMtu, assertRoutes, assertSubnets } from "../../veth/sound.ts";
import type { PtpConfig } from "./config.ts";

/** Index of the container's interface in the result: after the host's end. */
const CONTAINER_INTERFACE = 1;

/** Of an address: the host's end has the gateway, and the container sends all of the subnet to it. */
export interface Hop {
  readonly address: Prefix;
  readonly gateway: Ip;
}

export interface PtpAddressing extends Addressing {
  readonly hops: readonly Hop[];
}

/** What IPAM would give, before it does. @throws CniError 7 */
export function assertOffer(config: PtpConfig, offer: Offer): void {
  assertSubnets(config, offer);
  for (const [first, ...others] of offer.sets) {
    if (first && others.length === 0) hopOf(first.subnet, first.gateway);
  }
}

/**
 * Reads what IPAM gave; the configuration's own dns goes before IPAM's.
 * @throws CniError when there is no address, or one of which ptp cannot make a hop
 */
export function planAddresses(config: PtpConfig, ipam: Result): PtpAddressing {
  assertAddress(config.ipam, ipam);
  const hops = ipam.ips.map(({ address, gateway }) => hopOf(address, gateway));
  const ips = hops.map((hop): IpConfig => ({ ...hop, interface: CONTAINER_INTERFACE }));
  const { routes } = ipam;
  assertMtu(config, prefixesOf({ ips }));
  assertRoutes(routes, ips);
  return { ips, hops, routes, dns: dnsOf(config, ipam) };
}

/** @throws CniError 7 */
function hopOf(address: Prefix, gateway: Ip | undefined): Hop {
  const refused = (why: string, remedy: string) =>
    new CniError(INVALID_CONFIG, `cannot route to ${formatPrefix(address)}: ${why}`, remedy);
  if (!gateway) {
    throw refused(
      "IPAM names no gateway for it",
      'the host\'s end of the pair gets the address\'s gateway: give the address a "gateway" under "ipam"',
    );
  }
  if (gateway.length !== address.ip.length) {
    throw refused(
      `its gateway ${formatIp(gateway)} is not of its IP family`,
      'give the address a "gateway" of its own family under "ipam"',
    );
  }
  if (address.ip.length === 4 && address.length === 32) {
    throw refused(
      "a subnet of one address has no place for its gateway",
      "ptp leads the address's subnet to its gateway: give it a shorter prefix length, at most /31",
    );
  }
  return { address, gateway };
}
