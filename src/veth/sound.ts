import { equalIp, formatIp, formatPrefix, type Ip, networkOf, nextIp, type Prefix } from "../base/ip.ts";
import type { Offer } from "../spec/delegate.ts";
import { CniError, INVALID_CONFIG } from "../spec/errors.ts";
import type { Route } from "../spec/result.ts";
import type { VethConfig } from "./plan.ts";
import { IPV6_MIN_MTU } from "./remedies.ts";

/** What of a network's addresses and routes no ADD can make, whatever the machine is like: ADD and STATUS refuse it. */

/** The gateway of a subnet for which IPAM names none. */
export function firstAddress(subnet: Prefix): Ip {
  return nextIp(networkOf(subnet));
}

/** What IPAM would give, before it does. @throws CniError 7 */
export function assertSubnets(config: Pick<VethConfig, "mtu">, { sets, routes }: Offer): void {
  assertMtu(
    config,
    sets.flatMap((set) => set.map(({ subnet }) => subnet)),
  );
  assertRoutes(
    routes,
    sets.flatMap((set) => set.slice(0, 1)),
  );
}

/** @throws CniError 7 when the configured mtu is too small for one of the addresses or subnets */
export function assertMtu({ mtu }: Pick<VethConfig, "mtu">, addresses: readonly Prefix[]): void {
  if (mtu === 0 || mtu >= IPV6_MIN_MTU) return;
  const six = addresses.find(({ ip }) => ip.length === 16);
  if (!six) return;
  throw new CniError(
    INVALID_CONFIG,
    `mtu ${mtu} is too small for IPv6, of which the network has ${formatPrefix(six)}`,
    `set "mtu" to ${IPV6_MIN_MTU} or more, leave it out, or remove the IPv6 range`,
  );
}

/**
 * What tells where a route leads: to its own gateway, else to the first that the addresses of its family have; undefined: on
 * the link.
 */
export function gatewaysOfRoutes(
  ips: readonly { readonly gateway?: Ip | undefined }[],
): (route: Route) => Ip | undefined {
  const first = (size: number) => ips.find(({ gateway }) => gateway?.length === size)?.gateway;
  const [v4, v6] = [first(4), first(16)];
  return ({ dst, gw }) => gw ?? (dst.ip.length === 4 ? v4 : v6);
}

/** @throws CniError 7 for the first route that the kernel would refuse; `ips` as for `gatewaysOfRoutes` */
export function assertRoutes(routes: readonly Route[], ips: readonly { readonly gateway?: Ip | undefined }[]): void {
  const gatewayOf = gatewaysOfRoutes(ips);
  for (const route of routes) {
    const gateway = gatewayOf(route);
    const fault = faultOf(route, gateway);
    if (!fault) continue;
    const via = gateway ? ` via ${formatIp(gateway)}` : "";
    throw new CniError(
      INVALID_CONFIG,
      `failed to add route '${formatPrefix(route.dst)}${via}': ${fault.reason}`,
      `see "routes" under "ipam": ${fault.remedy}`,
    );
  }
}

interface Fault {
  readonly reason: string;
  readonly remedy: string;
}

const TO_THE_RANGES = `leave "gw" out, and it leads to the gateway of the container's address`;

function faultOf({ dst, scope = 0 }: Route, gateway: Ip | undefined): Fault | undefined {
  const v4 = dst.ip.length === 4;
  if (gateway && gateway.length !== dst.ip.length) {
    return { reason: "the gateway is not of the same IP family as the destination", remedy: TO_THE_RANGES };
  }
  const nowhere = gateway?.every((byte) => byte === 0);
  // The kernel takes 0.0.0.0 for no gateway, but not ::, and masks the destinations of IPv6 itself.
  if (!v4) return nowhere ? { reason: ":: is no gateway", remedy: TO_THE_RANGES } : undefined;
  const network = networkOf(dst);
  if (!equalIp(network, dst.ip)) {
    return { reason: "the destination has host bits set", remedy: `write ${formatIp(network)}/${dst.length}` };
  }
  return scopeFault(scope & 255, gateway !== undefined && !nowhere);
}

/** RT_SCOPE_LINK and RT_SCOPE_HOST (linux/rtnetlink.h), which are for destinations on the link; there is none beyond. */
const LINK = 253;
const HOST = 254;

function scopeFault(scope: number, hasGateway: boolean): Fault | undefined {
  if (scope > HOST) return { reason: `there is no scope ${scope}`, remedy: 'leave "scope" out' };
  if (scope < LINK || !hasGateway) return undefined;
  const remedy = 'leave "scope" out, or set "gw" to 0.0.0.0 for a destination on the link';
  return { reason: `a route of scope ${scope} (${scope === LINK ? "link" : "host"}) cannot have a gateway`, remedy };
}
