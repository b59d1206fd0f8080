import { formatMac } from "../../base/mac.ts";
import type { Undo } from "../../base/undo.ts";
import { type Delegated, delegateAdd, delegateAddInProcess } from "../../delegate/delegate.ts";
import type { Machine } from "../../features/machine.ts";
import { undoable } from "../../features/undoable.ts";
import { setUp } from "../../rtnl/link.ts";
import type { Link } from "../../rtnl/read-link.ts";
import type { Offer } from "../../spec/delegate.ts";
import type { AddOutcome, Call } from "../../spec/plugin.ts";
import type { Interface, Result } from "../../spec/result.ts";
import { configure } from "../../veth/container.ts";
import { enableForwarding } from "../../veth/forwarding.ts";
import { type Addressed, takeLease, tellIpam } from "../../veth/lease.ts";
import { attach, type Veth } from "../../veth/pair.ts";
import { prefixesOf } from "../../veth/plan.ts";
import { addRules, assertFeatures, openToOthers } from "../../veth/rules.ts";
import { addressMac, announce, isQuiet } from "./announce.ts";
import { ensureBridge, ensureVlans, isOurs } from "./bridge.ts";
import { ensureGateway } from "./gateway.ts";
import { type AddContext, type Addressing, type Plan, planAddresses, planBridge } from "./plan.ts";
import { openPort } from "./port.ts";
import { assertOffer } from "./sound.ts";
import { joinVlans } from "./vlan.ts";
import { ensureVlanGateway } from "./vlan-gateway.ts";

/** Joins a container to the bridge. A call that fails leaves nothing of its own behind. @throws CniError */
export function add(call: Call, host: Machine): AddOutcome {
  const plan = planBridge(call);
  return undoable(call, (undo) => applyAdd(plan, call, host, undo));
}

/** Makes what the plan says, pushing the inverse of each effect that is this call's alone. Returns the result. */
export function applyAdd(plan: Plan, call: Call, host: Machine, undo: Undo): Result {
  const add: AddContext = { plan, call, host, sandbox: host.openSandbox(plan.netns), undo };
  const { vlans } = plan.config;
  if (vlans) ensureVlans(host, plan.config, vlans, call.warn);
  assertFeatures(plan, host);
  call.phase?.("lease");
  // The lease comes first: so "no lease" proves "no link and no rule". A foreign IPAM may need the link (dhcp does).
  const early = plan.ipam === undefined ? undefined : leaseInProcess(add, plan.ipam);
  call.phase?.("link");
  const bridge = ensureBridge(host, plan.config);
  let gateway = early ? openGateways(add, bridge, early.addressing) : bridge;
  const veth = attach(add, bridge, early && addressMac(plan, early.addressing));
  // What keeps the container to itself is there before it can send.
  if (vlans) joinVlans(host, veth.outer, vlans);
  const ofLink = addRules(add, "link", veth, []);
  const leased = early ?? foreignLease(add);
  if (leased && !early) gateway = openGateways(add, bridge, leased.addressing);
  // The container's end, then the host's: the port starts to forward when everything behind it is ready.
  const inner = leased && configure(add.sandbox, plan, veth, leased.addressing, true);
  if (!leased && !plan.config.disableContainerInterface) add.sandbox.change(setUp(plan.owner.ifname));
  const port = openPort(add, bridge, gateway, veth, leased?.addressing);
  if (leased) {
    call.phase?.("rules");
    const letters = ofLink + addRules(add, "addresses", veth, prefixesOf(leased.addressing));
    tellIpam(add, veth.outer, leased, letters);
  }
  call.phase?.("link");
  const result = resultOf(add, bridge, gateway, veth, leased?.addressing);
  port.awaitUp(leased?.addressing.gateways.length ? gateway : undefined);
  if (inner && leased && !isQuiet(bridge, veth, port.known)) announce(add, inner, veth, leased.addressing);
  if (leased) openToOthers(add, veth, leased.addressing);
  return result;
}

function leaseInProcess(add: AddContext, ipam: string): Addressed<Addressing> | undefined {
  const vet = (offer: Offer) => assertOffer(add.plan.config, offer);
  return lease(add, delegateAddInProcess(ipam, { ...add.call, vet }));
}

function foreignLease(add: AddContext): Addressed<Addressing> | undefined {
  const { plan, call } = add;
  if (plan.ipam === undefined) return undefined;
  call.phase?.("lease");
  const leased = lease(add, delegateAdd(plan.ipam, call));
  call.phase?.("link");
  return leased;
}

function lease(add: AddContext, delegated: Delegated | undefined): Addressed<Addressing> | undefined {
  return delegated && takeLease(add, delegated, (result) => planAddresses(add.plan, result));
}

/** The bridge, or its interface in a VLAN, becomes the containers' gateway, and the machine a router. Returns which. */
function openGateways({ plan, host }: AddContext, bridge: Link, { gateways, ips }: Addressing): Link {
  const { vlans } = plan.config;
  const link = gateways.length > 0 && vlans?.vlan ? ensureVlanGateway(host, bridge, vlans) : bridge;
  for (const gateway of gateways) ensureGateway(host, link, gateway, plan.config.forceAddress);
  if (gateways.length > 0) enableForwarding(host, ips);
  return link;
}

function resultOf(
  add: AddContext,
  bridge: Link,
  gateway: Link,
  veth: Veth,
  addressing: Addressing | undefined,
): Result {
  const { plan, host } = add;
  // The MAC address of a bridge that others made may have become that of its new port.
  const mac = isOurs(bridge) ? bridge.mac : (host.findLink(bridge.index)?.mac ?? bridge.mac);
  const interfaces: Interface[] = [
    { name: bridge.name, mac: formatMac(mac) },
    { name: veth.outer.name, mac: formatMac(veth.outer.mac) },
    { name: plan.owner.ifname, mac: formatMac(veth.mac), sandbox: plan.netns },
  ];
  if (gateway !== bridge) interfaces.push({ name: gateway.name, mac: formatMac(gateway.mac) });
  if (!addressing) return { interfaces, ips: [], routes: [], dns: plan.config.common.dns };
  return { interfaces, ips: addressing.ips, routes: addressing.routes, dns: addressing.dns };
}
