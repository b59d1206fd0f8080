/** For the operator (berth ipam release): a lease removed by its address, whosever it is. */
import type { Ip } from "../../base/ip.ts";
import type { Place } from "./config.ts";
import { leasePath, readRecord, removeLease } from "./lease.ts";
import { usingOwners } from "./owners.ts";
import { openStore } from "./store.ts";

/**
 * Releases one address, under the lock, if its lease still says `record` (trimmed; "" for one that says nothing). Returns
 * whether it did. @throws CniError 5 when it cannot be removed, 11 when the lock cannot be had
 */
export function releaseAddress(place: Place, ip: Ip, record: string, warn: (line: string) => void): boolean {
  const store = openStore(place, true);
  if (!store) return false;
  return usingOwners(store, warn, (owners) => {
    const path = leasePath(store, ip);
    if (readRecord(path) !== record || !removeLease(path)) return false;
    owners.removed(record, ip);
    return true;
  });
}
