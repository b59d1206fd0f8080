import { formatPrefix, type Prefix } from "../../base/ip.ts";
import type { Offer } from "../../spec/delegate.ts";
import { CniError, INVALID_CONFIG } from "../../spec/errors.ts";
import { assertSubnets, firstAddress } from "../../veth/sound.ts";
import type { BridgeConfig } from "./config.ts";

/** What IPAM would give, before it does. @throws CniError 7 */
export function assertOffer(config: BridgeConfig, offer: Offer): void {
  if (config.isGateway && !config.forceAddress) assertOneSubnet(config.bridge, gatewaysOf(offer));
  assertSubnets(config, offer);
}

/** For each address that a container gets, the gateways of which the bridge would have to be one (isGateway). */
export function gatewaysOf({ sets }: Offer): Prefix[][] {
  return sets.map((set) =>
    set.map(({ subnet, gateway }) => ({ ip: gateway ?? firstAddress(subnet), length: subnet.length })),
  );
}

/**
 * A bridge is gateway of one IPv4 subnet, as in the reference. `choices` has for each address the gateways of which it may get
 * one.
 * @throws CniError 7
 */
export function assertOneSubnet(bridge: string, choices: readonly (readonly Prefix[])[]): void {
  const [first, ...others] = choices.filter(([one]) => one?.ip.length === 4).map((set) => set.map(formatPrefix));
  let common = first;
  for (const other of others) {
    const among = new Set(other);
    common = common?.filter((one) => among.has(one));
    if (common?.length !== 0) continue;
    throw new CniError(
      INVALID_CONFIG,
      `failed to set bridge addr: "${bridge}" already has an IP address different from ${other[0]}`,
      `the addresses have two gateways, ${first?.[0]} and ${other[0]}, of which the bridge can only be one: give the ranges one "gateway", or make two networks`,
    );
  }
}
