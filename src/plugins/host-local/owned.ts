/** A question that the plugin above asks in this process: what is leased, without changing anything (Delegate, spec/delegate.ts). */
import type { Ip } from "../../base/ip.ts";
import type { OwnedLease } from "../../spec/delegate.ts";
import type { Call } from "../../spec/plugin.ts";
import { namedAddresses, readPlace } from "./config.ts";
import { leasePath, readLease } from "./lease.ts";
import { usingOwners } from "./owners.ts";
import { openStore } from "./store.ts";

/**
 * What a DEL of the call would release. Needs only the network's name and dataDir, and makes no directory; waits for the
 * lock as DEL does.
 * @throws CniError as DEL
 */
export function ownedLeases(call: Call): OwnedLease[] {
  const store = openStore(readPlace(call.config, call.name), false);
  if (!store) return [];
  const { containerId, ifname } = call.env;
  return usingOwners(store, call.warn, (owners) => {
    const { ips } = owners.holdingsOf(containerId, ifname, () => namedAddresses(call));
    return ips.map((address) => ownedLease(address, leasePath(store, address)));
  });
}

/** What the lease of `address` in the file at `path` says to the plugin above. */
export function ownedLease(address: Ip, path: string): OwnedLease {
  const lease = readLease(path);
  const { veth, rules } = lease?.origin ?? {};
  return { address, ours: lease?.ours ?? false, ...(veth && { link: veth }), ...(rules && { rules }) };
}
