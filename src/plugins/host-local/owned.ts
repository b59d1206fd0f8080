/** Questions that the plugin above asks in this process: what is leased, without changing anything (Delegate, spec/delegate.ts). */
import type { Owner } from "../../base/owner.ts";
import type { OwnedLease } from "../../spec/delegate.ts";
import { CniError, IO_FAILURE } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import { readPlace } from "./config.ts";
import { leasePath, readLease, readRecord } from "./lease.ts";
import { holdingsOf, usingOwners } from "./owners.ts";
import { parseRecord } from "./record.ts";
import { eachLease, leaseNames } from "./scan.ts";
import { directoryOf, openStore, statDirectory } from "./store.ts";

/**
 * What a DEL of the call would release. Needs only the network's name and dataDir, and makes no directory; waits for the
 * lock as DEL does.
 * @throws CniError as DEL
 */
export function ownedLeases(call: Call): OwnedLease[] {
  const store = openStore(readPlace(call.config, call.name), false);
  if (!store) return [];
  const { containerId, ifname } = call.env;
  return usingOwners(store, call.warn, (owners) =>
    holdingsOf(owners, containerId, ifname).ips.map((address) => {
      const lease = readLease(leasePath(store, address));
      const veth = lease?.attachment?.veth;
      return { address, ours: lease?.ours ?? false, ...(veth ? { link: veth } : {}) };
    }),
  );
}

/**
 * Everyone who holds a lease of the network; not those whose record names no interface. Reads every lease, without the
 * lock: a lease that is there before the call and stays is seen.
 * @throws CniError 5 when a lease cannot be read, since its owner would seem to be gone
 */
export function leaseOwners(call: Call): Owner[] {
  const directory = directoryOf(readPlace(call.config, call.name));
  if (!statDirectory(directory)) return [];
  const owners: Owner[] = [];
  const complete = eachLease(leaseNames(directory), call.warn, readRecord, (record) => {
    const { id, ifname } = parseRecord(record) ?? {};
    if (id !== undefined && ifname !== undefined) owners.push({ network: call.name, containerId: id, ifname });
  });
  if (complete) return owners;
  throw new CniError(
    IO_FAILURE,
    `cannot read every lease in ${directory}`,
    "the lines on stderr name those that cannot",
  );
}
