import { lstat } from "#sys";
import { assertErrno } from "../../base/errno.ts";
import { delegate } from "../../delegate/delegate.ts";
import type { Machine } from "../../features/machine.ts";
import type { Host } from "../../host/host.ts";
import type { Link } from "../../rtnl/read-link.ts";
import type { Offer } from "../../spec/delegate.ts";
import type { Call } from "../../spec/plugin.ts";
import { assertFamilies, assertFeatures, unavailable } from "../../veth/status.ts";
import { notABridge } from "./bridge.ts";
import { type BridgeConfig, readConfig } from "./config.ts";
import { gatewayObstacle } from "./gateway.ts";
import { assertOffer, gatewaysOf } from "./sound.ts";
import { hasVlans, lacksFiltering, noFiltering, type PortVlans } from "./vlan.ts";

/**
 * Rehearses an ADD, and fails where every ADD fails until a person acts: a runtime takes its node out of service then. What
 * only the call of a container supplies (runtimeConfig, CNI_ARGS, a namespace) is not missed. Where all is well nothing is
 * said: runtimes ask every few seconds and log each line.
 * @throws CniError 50 for what the machine lacks, 6 and 7 for the configuration, and IPAM's own
 */
export function status(call: Call, host: Machine): void {
  const config = readConfig(call);
  const { ipamType } = config.common;
  // Of another IPAM plugin only an ADD learns what it gives.
  let offer: Offer = { sets: [], routes: [] };
  const vet = (given: Offer) => {
    offer = given;
  };
  if (ipamType !== undefined) delegate(ipamType, "STATUS", { ...call, vet });
  assertOffer(config, offer);
  assertFeatures(host, config);
  const bridge = host.findLink(config.bridge);
  if (bridge && bridge.kind !== "bridge") throw unavailable(notABridge(bridge));
  if (config.vlans) assertVlans(host, bridge, config.vlans);
  assertFamilies(host, config.isGateway, offer);
  const carrier = config.vlans?.vlan ? host.findLink(`${config.bridge}.${config.vlans.vlan}`) : bridge;
  if (carrier && config.isGateway) assertGateways(host, carrier, config, offer);
}

/** An ADD would make the bridge filter, or put its port into VLANs. */
function assertVlans(host: Host, bridge: Link | undefined, vlans: PortVlans): void {
  const needed = bridge ? hasVlans(vlans) : isLoaded("bridge");
  if (needed && lacksFiltering(host, bridge)) throw unavailable(noFiltering(vlans, undefined));
}

/** Whether the kernel has this module already, loaded or built in: one that is not loaded cannot be asked. */
function isLoaded(module: string): boolean {
  try {
    lstat(`/sys/module/${module}`);
    return true;
  } catch (error) {
    assertErrno(error);
    return false;
  }
}

/** One of each set's gateways must get onto the bridge: an address of another subnet of the set is an ADD that works. */
function assertGateways(host: Host, carrier: Link, config: BridgeConfig, offer: Offer): void {
  for (const choices of gatewaysOf(offer)) {
    const obstacles = choices.map((gateway) => gatewayObstacle(host, carrier, gateway, config.forceAddress));
    const [first] = obstacles;
    if (first && obstacles.every((one) => one !== undefined)) throw unavailable(first);
  }
}
