import { readRequest } from "../../spec/config.ts";
import type { OwnedLease } from "../../spec/delegate.ts";
import { readPlace } from "./config.ts";
import { leasePath, readLease } from "./lease.ts";
import { holdingsOf, usingOwners } from "./owners.ts";
import { openStore } from "./store.ts";

/**
 * What DEL would release: the leases of CNI_CONTAINERID and CNI_IFNAME, for a caller that removes rules before addresses.
 * Needs only the network's name and dataDir, and makes no directory; waits for the lock as DEL does.
 * @throws CniError as DEL
 */
export function ownedLeases(env: ReadonlyMap<string, string>, stdin: string): OwnedLease[] {
  const { config, name } = readRequest(stdin);
  const store = openStore(readPlace(config, name), false);
  if (!store) return [];
  const id = env.get("CNI_CONTAINERID") ?? "";
  const ifname = env.get("CNI_IFNAME") ?? "";
  return usingOwners(
    store,
    () => {},
    (owners) =>
      holdingsOf(owners, id, ifname).ips.map((address) => {
        const lease = readLease(leasePath(store, address));
        const veth = lease?.attachment?.veth;
        return { address, ours: lease?.ours ?? false, ...(veth ? { link: veth } : {}) };
      }),
  );
}
