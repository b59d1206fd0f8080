import { lstat } from "#sys";
import { errnoOf, messageOf } from "../../base/errno.ts";
import { formatPrefix, networkOf, nextIp, type Prefix } from "../../base/ip.ts";
import type { Host } from "../../host/host.ts";
import { addressFamily, type Link } from "../../host/verbs.ts";
import { delegate } from "../../invoke/delegate.ts";
import { array, decode, goObject, ip, prefix } from "../../spec/decode.ts";
import { CniError, NOT_AVAILABLE } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import { conflictOf, conflicts } from "./bridge.ts";
import { type BridgeConfig, readConfig } from "./config.ts";
import { hasVlans, lacksFiltering, noFiltering, type PortVlans } from "./vlan.ts";

/**
 * Whether an ADD would succeed. What is merely suspicious is a line on stderr: an error makes a node unready.
 * @throws CniError 50 with the first reason why not, and IPAM's 50 and 51
 */
export function status(call: Call, host: Host): void {
  const config = readConfig(call);
  const { ipamType } = config.common;
  if (ipamType !== undefined) delegate(ipamType, "STATUS", call);
  if (ipamType !== undefined && config.ipMasq) assertBackend(host, config);
  assertBridge(call, host, config);
  warnOfFirewall(call, host);
}

function unavailable(message: string, details: string, cause?: unknown): CniError {
  return new CniError(NOT_AVAILABLE, message, details, cause);
}

function assertBackend(host: Host, { ipMasqBackend }: BridgeConfig): void {
  if (ipMasqBackend === "iptables") {
    try {
      host.rules.iptables().assertInstalled();
      return;
    } catch (error) {
      throw unavailable(`ipMasqBackend "iptables" is not there: ${messageOf(error)}`, "install iptables", error);
    }
  }
  const failure = host.rules.firewall().nftablesFailure();
  if (failure === undefined) return;
  throw unavailable(
    `masquerading needs nf_tables, which the kernel does not have: ${messageOf(failure)}`,
    "modprobe nf_tables (CONFIG_NF_TABLES)",
    failure,
  );
}

/** What is called like the bridge must be one, and free for the gateway's addresses. */
function assertBridge(call: Call, host: Host, config: BridgeConfig): void {
  const { bridge: name, isGateway, forceAddress, vlans } = config;
  const bridge = host.findLink(name);
  if (bridge && bridge.kind !== "bridge") {
    throw unavailable(
      `"${name}" already exists but is not a bridge`,
      `it is ${bridge.kind ? `a ${bridge.kind}` : "a device"}: choose another name for "bridge", or remove it (ip link del ${name})`,
    );
  }
  if (vlans) assertVlans(host, bridge, vlans);
  const carrier = vlans?.vlan ? host.findLink(`${name}.${vlans.vlan}`) : bridge;
  if (!carrier || !isGateway || forceAddress) return;
  for (const gateway of gatewaysOf(call, config)) {
    const conflict = gatewayConflict(host, carrier, gateway);
    if (conflict) throw unavailable(conflict.message, conflict.details, conflict);
  }
}

/** An ADD would make the bridge filter, or put its port into VLANs. */
function assertVlans(host: Host, bridge: Link | undefined, vlans: PortVlans): void {
  const needed = bridge ? hasVlans(vlans) : isLoaded("bridge");
  if (!needed || !lacksFiltering(host, bridge)) return;
  const { message, details } = noFiltering(vlans, undefined);
  throw unavailable(message, details);
}

/** Whether the kernel has this module already, loaded or built in: one that is not loaded cannot be asked. */
function isLoaded(module: string): boolean {
  try {
    lstat(`/sys/module/${module}`);
    return true;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

/** Why an ADD could not put the gateway's address on the link; undefined where it can. */
function gatewayConflict(host: Host, link: Link, gateway: Prefix): CniError | undefined {
  const addrs = host.listAddrs(link.index, addressFamily(gateway.ip));
  if (addrs.some(({ prefix }) => formatPrefix(prefix) === formatPrefix(gateway))) return undefined;
  const other = addrs.find((addr) => conflicts(addr, gateway));
  return other && conflictOf(host, link, other, gateway);
}

const rangeSchema = goObject({ subnet: prefix, gateway: ip });

const ipamSchema = goObject({
  ipam: goObject({ subnet: prefix, gateway: ip, ranges: array(array(rangeSchema)) }),
  runtimeConfig: goObject({ ipRanges: array(array(rangeSchema)) }),
});

/** The gateways that host-local will give, as far as its configuration says: another IPAM plugin is asked at ADD only. */
function gatewaysOf(call: Call, { common }: BridgeConfig): Prefix[] {
  if (common.ipamType !== "host-local") return [];
  const { ipam = {}, runtimeConfig = {} } = decode(ipamSchema, call.config);
  const ranges = [ipam, ...(ipam.ranges ?? []).flat(), ...(runtimeConfig.ipRanges ?? []).flat()];
  return ranges.flatMap(({ subnet, gateway }) => {
    if (!subnet) return [];
    return [{ ip: gateway ?? nextIp(networkOf(subnet)), length: subnet.length }];
  });
}

function warnOfFirewall(call: Call, host: Host): void {
  if (host.rules.firewall().dropsForwarded()) {
    call.warn(
      "iptables drops what is forwarded unless a rule accepts it (policy DROP of FORWARD): containers may reach only this machine",
    );
  }
  const filtered = host.enter((sysctls) => sysctls.read("net/bridge/bridge-nf-call-iptables"));
  if (filtered === "1") {
    call.warn(
      "br_netfilter is on (net.bridge.bridge-nf-call-iptables=1): what containers of a bridge send each other passes iptables too",
    );
  }
}
