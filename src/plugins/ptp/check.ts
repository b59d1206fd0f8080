import { equalIp, formatIp, formatPrefix } from "../../base/ip.ts";
import type { Machine } from "../../features/machine.ts";
import type { Host } from "../../host/host.ts";
import type { Link } from "../../rtnl/read-link.ts";
import { addressFamily } from "../../rtnl/tables.ts";
import type { Call } from "../../spec/plugin.ts";
import type { Result } from "../../spec/result.ts";
import { checkVeth, differs, outerOf } from "../../veth/check.ts";
import { readConfig } from "./config.ts";
import { alone } from "./hop.ts";

/**
 * Compares what the earlier result says, and what is ours alone (the host's end with its routes, the rules), with the kernel.
 * @throws CniError naming the first difference
 */
export function check(call: Call, host: Machine): void {
  checkVeth(call, host, readConfig(call), (result) => (inner) => {
    const outer = outerOf(host, inner);
    if (!outer) {
      throw differs(`the host's end of ${inner.name} was not found`, "its peer is not in the host's namespace");
    }
    checkWays(host, outer, result);
    return outer;
  });
}

/** The host's end has each gateway's address, and a route to each of the container's. */
function checkWays(host: Host, outer: Link, { ips }: Result): void {
  const addrs = host.listAddrs(outer.index);
  for (const { gateway } of ips) {
    if (!gateway || addrs.some(({ prefix }) => equalIp(prefix.ip, gateway))) continue;
    throw differs(
      `Failed to match addr ${formatIp(gateway)} on interface ${outer.name}`,
      `the container's gateway is missing: ip addr add ${formatPrefix(alone(gateway))} dev ${outer.name}`,
    );
  }
  const families = new Set(ips.map(({ address }) => addressFamily(address.ip)));
  const routes = [...families].flatMap((family) => host.listRoutes(family)).filter(({ oif }) => oif === outer.index);
  for (const { address } of ips) {
    const wanted = formatPrefix(alone(address.ip));
    if (routes.some(({ dst }) => formatPrefix(dst) === wanted)) continue;
    throw differs(
      `Expected Route ${wanted} not found in routing table`,
      `the host's route to the container is missing: ip route add ${wanted} dev ${outer.name}`,
    );
  }
}
