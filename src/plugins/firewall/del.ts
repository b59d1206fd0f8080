import type { Ip } from "../../base/ip.ts";
import { firewall } from "../../features/firewall/feature.ts";
import type { FirewallWish } from "../../features/firewall/wish.ts";
import type { Machine } from "../../features/machine.ts";
import { CniError } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import { parsePrevResult } from "../../spec/result-parse.ts";
import { readRemains, wishFor } from "./config.ts";

/**
 * Removes the rules of an attachment, known by its owner: prevResult and the namespace may be gone, and the configuration may
 * have changed. What is not there counts as removed. @throws CniError, Explained, NetlinkError
 */
export function del(call: Call, machine: Machine): void {
  const { name: network, env } = call;
  const owner = { network, containerId: env.containerId, ifname: env.ifname };
  const { wish, addresses } = remainsOf(call);
  firewall.drop(machine, wish, owner, addresses);
}

/** The addresses that prevResult has, of which those of the reference's rules that say nothing else are known. */
function remainsOf({ config, version }: Call): { wish: FirewallWish; addresses: Ip[] } {
  const remains = readRemains(config);
  if (!remains.prevResult) return { wish: remains.wish, addresses: [] };
  try {
    const result = parsePrevResult(remains.prevResult, version);
    return { wish: wishFor(remains, result), addresses: result.ips.map(({ address }) => address.ip) };
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    return { wish: remains.wish, addresses: [] };
  }
}
