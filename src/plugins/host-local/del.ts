import { settle } from "../../base/undo.ts";
import type { Call } from "../../spec/plugin.ts";
import { namedAddresses, readPlace } from "./config.ts";
import { failWith } from "./failures.ts";
import { dropLeftover, leasePath, removeLease } from "./lease.ts";
import { usingOwners } from "./owners.ts";
import { openStore } from "./store.ts";

/**
 * Releases every address of the attachment; if it holds none, those of its container id from before leases knew
 * interfaces. Needs only the network's name and dataDir, whatever has become of the ranges. Nothing to release is success.
 * @throws CniError 5 for leases that are there and cannot be removed (all are tried), 11 when the lock cannot be had
 */
export function del(call: Call): void {
  const store = openStore(readPlace(call.config, call.name), true);
  if (!store) return;
  const { containerId, ifname } = call.env;
  const failures = usingOwners(store, call.warn, (owners) => {
    const { record, ips } = owners.holdingsOf(containerId, ifname, () => namedAddresses(call));
    const steps = ips.map((ip) => () => {
      if (removeLease(leasePath(store, ip))) owners.removed(record, ip);
    });
    if (store.locked) steps.push(() => dropLeftover(store));
    return settle(steps);
  });
  failWith(failures);
}
