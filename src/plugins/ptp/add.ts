import { formatMac } from "../../base/mac.ts";
import { delegateAdd, delegateAddInProcess } from "../../delegate/delegate.ts";
import type { Machine } from "../../features/machine.ts";
import { undoable } from "../../features/undoable.ts";
import type { Offer } from "../../spec/delegate.ts";
import type { AddOutcome, Call } from "../../spec/plugin.ts";
import type { Result } from "../../spec/result.ts";
import { configure } from "../../veth/container.ts";
import { enableForwarding } from "../../veth/forwarding.ts";
import { takeLease, tellIpam } from "../../veth/lease.ts";
import { attach, type Veth } from "../../veth/pair.ts";
import { type AddContext, planVeth, prefixesOf } from "../../veth/plan.ts";
import { addRules, assertFeatures, openToOthers } from "../../veth/rules.ts";
import { type PtpConfig, readConfig } from "./config.ts";
import { awaitRunning, openHost, routeByHost } from "./hop.ts";
import { assertOffer, type PtpAddressing, planAddresses } from "./plan.ts";

/** Joins a container to the host. A call that fails leaves nothing of its own behind. @throws CniError */
export function add(call: Call, host: Machine): AddOutcome {
  const plan = planVeth(call, readConfig(call));
  return undoable(call, (undo) => applyAdd({ plan, call, host, sandbox: host.openSandbox(plan.netns), undo }));
}

/** Makes what the plan says, pushing the inverse of each effect that is this call's alone. Returns the result. */
function applyAdd(add: AddContext<PtpConfig>): Result {
  const { plan, call, host, sandbox } = add;
  assertFeatures(plan, host);
  call.phase?.("lease");
  const leased = lease(add);
  const { addressing } = leased;
  call.phase?.("link");
  enableForwarding(host, addressing.ips);
  const veth = attach(add, undefined, undefined);
  const inner = configure(sandbox, plan, veth, addressing, false);
  routeByHost(sandbox, inner, addressing);
  openHost(add, veth, addressing);
  call.phase?.("rules");
  tellIpam(add, veth.outer, leased, addRules(add, "addresses", veth, prefixesOf(addressing)));
  call.phase?.("link");
  awaitRunning(host, veth.outer, sandbox, inner, addressing);
  openToOthers(add, veth, addressing);
  return resultOf(add, veth, addressing);
}

/** The lease comes first: so "no lease" proves "no link and no rule". */
function lease(add: AddContext<PtpConfig>) {
  const { call, plan } = add;
  const { config } = plan;
  const vet = (offer: Offer) => assertOffer(config, offer);
  const delegated = delegateAddInProcess(config.ipam, { ...call, vet }) ?? delegateAdd(config.ipam, call);
  return takeLease(add, delegated, (result) => planAddresses(config, result));
}

function resultOf({ plan }: AddContext, { outer, mac }: Veth, { ips, routes, dns }: PtpAddressing): Result {
  const interfaces = [
    { name: outer.name, mac: formatMac(outer.mac) },
    { name: plan.owner.ifname, mac: formatMac(mac), sandbox: plan.netns },
  ];
  return { interfaces, ips, routes, dns };
}
