import type { Machine } from "../../features/machine.ts";
import type { Host } from "../../host/host.ts";
import type { Link } from "../../rtnl/read-link.ts";
import type { Call } from "../../spec/plugin.ts";
import type { Result } from "../../spec/result.ts";
import { assertMac, checkVeth, differs, outerOf } from "../../veth/check.ts";
import { type BridgeConfig, readConfig } from "./config.ts";
import { missingVlans } from "./vlan.ts";

/**
 * Compares what the earlier result says, and what is ours alone (the bridge's port, the rules), with the kernel.
 * What a later plugin of the list may have changed is compared with the result, which that plugin has put right.
 * @throws CniError naming the first difference
 */
export function check(call: Call, host: Machine): void {
  const config = readConfig(call);
  checkVeth(call, host, config, (result) => {
    const bridge = checkBridge(host, config, result);
    return (inner) => {
      const outer = checkPort(host, bridge, inner, result, call.env.ifname);
      checkVlans(host, config, outer);
      return outer;
    };
  });
}

function checkBridge(host: Host, config: BridgeConfig, result: Result): Link {
  const name = config.bridge;
  const entry = result.interfaces.findLast((one) => one.name === name && !one.sandbox);
  if (!entry)
    throw differs(`CNI created bridge ${name} in host namespace was not found`, "prevResult has no such interface");
  const link = host.findLink(name);
  if (!link)
    throw differs(
      `Interface ${name} not found`,
      "the bridge was deleted: the next ADD makes it again, containers on it must be started again",
    );
  if (link.kind !== "bridge") throw differs(`Interface ${name} does not have link type of bridge`);
  assertMac(link, entry, `Bridge interface ${name}`);
  if ((link.promiscuity !== 0) !== config.promiscMode) {
    throw differs(
      `Bridge interface ${name} configured Promisc Mode ${config.promiscMode} doesn't match current state: ${link.promiscuity !== 0}`,
      `ip link set ${name} promisc ${config.promiscMode ? "on" : "off"}`,
    );
  }
  return link;
}

/** The host's end: a port of the bridge, peer of the container's end, with the MAC address of its entry in the result. */
function checkPort(host: Host, bridge: Link, inner: Link, result: Result, ifname: string): Link {
  const outer = outerOf(host, inner);
  if (!outer) {
    throw differs(
      `CNI veth created for bridge ${bridge.name} was not found`,
      `the peer of ${ifname} is not in the host's namespace`,
    );
  }
  if (outer.master !== bridge.index) {
    throw differs(
      `CNI veth created for bridge ${bridge.name} was not found`,
      `${outer.name} is not a port of ${bridge.name}: ip link set ${outer.name} master ${bridge.name}`,
    );
  }
  const entry = result.interfaces.find((one) => one.name === outer.name && !one.sandbox);
  if (entry) assertMac(outer, entry, `Interface ${outer.name}`);
  return outer;
}

function checkVlans(host: Host, { vlans }: BridgeConfig, outer: Link): void {
  const missing = vlans && missingVlans(host, outer, vlans);
  if (!missing) return;
  throw differs(`port ${outer.name} is not as configured: ${missing}`, `see bridge vlan show dev ${outer.name}`);
}
