import { formatIp, formatPrefix, type Ip, type Prefix } from "../../base/ip.ts";
import { CniError, INVALID_CONFIG } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import type { IpConfig, Result, Route } from "../../spec/result.ts";
import {
  assertAddress,
  dnsOf,
  planVeth,
  prefixesOf,
  type Addressing as VethAddressing,
  type AddContext as VethContext,
  type VethPlan,
} from "../../veth/plan.ts";
import { assertMtu, assertRoutes, firstAddress } from "../../veth/sound.ts";
import { type BridgeConfig, readConfig } from "./config.ts";
import { assertOneSubnet } from "./sound.ts";

/** Only planBridge makes one. */
export type Plan = VethPlan<BridgeConfig>;

export type AddContext = VethContext<BridgeConfig>;

export interface Addressing extends VethAddressing {
  /** For the bridge: the gateways' addresses with the prefix length of their subnet, IPv4 first. */
  readonly gateways: readonly Prefix[];
}

/** Checks a call and plans it. Nothing has been touched. @throws CniError */
export function planBridge(call: Call): Plan {
  return planVeth(call, readConfig(call));
}

/**
 * Completes what IPAM gave: a missing gateway is the subnet's first address (isGateway), a missing default route leads
 * to it (isDefaultGateway), the configuration's own dns goes before IPAM's.
 * @throws CniError when IPAM gave no address, the addresses have two IPv4 gateways, or it gave what the kernel will not take
 */
export function planAddresses(plan: Plan, ipam: Result): Addressing {
  const { isGateway, isDefaultGateway } = plan.config;
  assertAddress(plan.ipam, ipam);
  const ips = ipam.ips.map(({ address, gateway }) => withGateway(address, gateway, isGateway));
  const defaults = isDefaultGateway ? missingDefaults(ips, ipam.routes) : [];
  const gateways = isGateway
    ? ips.flatMap(({ address, gateway }) => (gateway ? [{ ip: gateway, length: address.length }] : []))
    : [];
  const routes = [...ipam.routes, ...defaults];
  if (!plan.config.forceAddress) {
    assertOneSubnet(
      plan.config.bridge,
      gateways.map((gateway) => [gateway]),
    );
  }
  assertMtu(plan.config, prefixesOf({ ips }));
  assertRoutes(routes, ips);
  return {
    ips,
    routes,
    dns: dnsOf(plan.config, ipam),
    gateways: gateways.sort((a, b) => a.ip.length - b.ip.length),
  };
}

function withGateway(address: Prefix, gateway: Ip | undefined, wanted: boolean): IpConfig {
  const found = gateway ?? (wanted ? firstAddress(address) : undefined);
  return { address, interface: CONTAINER_INTERFACE, ...(found && { gateway: found }) };
}

/** Index of the container's interface in the result: after the bridge and the host's end. */
export const CONTAINER_INTERFACE = 2;

/**
 * A default route for each family that has an address and no default route yet. One without a gateway counts: it is
 * installed through the address's gateway, which is where the missing one would lead.
 * @throws CniError 7 when that gateway is of the other family: such a route would lead nowhere
 */
function missingDefaults(ips: readonly IpConfig[], routes: readonly Route[]): Route[] {
  const defaults: Route[] = [];
  const given = [4, 16].map((size) => routes.filter(({ dst }) => dst.length === 0 && dst.ip.length === size));
  for (const { address, gateway } of ips) {
    const size = address.ip.length;
    if (!gateway || defaults.some(({ dst }) => dst.ip.length === size)) continue;
    const own = given[size === 4 ? 0 : 1] ?? [];
    if (gateway.length !== size && !own.some(({ gw }) => gw)) throw otherFamily(address, gateway);
    if (own.length > 0) continue;
    defaults.push({ dst: { ip: new Uint8Array(size), length: 0 }, gw: gateway });
  }
  return defaults;
}

function otherFamily(address: Prefix, gateway: Ip): CniError {
  const dst = address.ip.length === 4 ? "0.0.0.0/0" : "::/0";
  return new CniError(
    INVALID_CONFIG,
    `failed to add route '${dst} via ${formatIp(gateway)}': the gateway is not of the same IP family as the address ${formatPrefix(address)}`,
    'isDefaultGateway makes the default route lead to the "gateway" of the address\'s range: give the range one of its own family',
  );
}
