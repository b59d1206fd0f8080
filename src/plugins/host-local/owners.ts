/** Which addresses an owner holds, without reading every lease: DESIGN §5, last rules. */

import { close, deferSignals } from "#sys";
import { attempt } from "../../base/attempt.ts";
import { openIndex } from "./index-file.ts";
import { indexedOwners } from "./owner-index.ts";
import { type Owners, scannedOwners } from "./owner-scan.ts";
import type { Store } from "./store.ts";

/*
 * The index of a lease directory is a hash table in a file of its own, <indexDir>/<dev>-<ino>. It is used and changed only
 * under the directory's lock, and it is in step with the directory as long as the directory's modification time is the one
 * that it is stamped with. Whoever changes the directory otherwise (the reference, `rm`, a berth that cannot reach this
 * index, a berth that is killed half way) gives it another time, and the next call builds the table anew.
 *
 * Two changes within one tick of an older kernel's clock would get the same time, so "equal" would prove nothing. Therefore
 * a berth that has changed the directory ends by setting its time to one second ago, on a nanosecond that was never used
 * before (the clock goes on between two holders of the lock): no later change can give that time by itself. The time is
 * thereby always older than the moment of stamping, by a second, on which DESIGN §5 asks for 20 ms.
 *
 * Who writes into a lease that is there (a person, a backup copied over the files) leaves the directory's time alone. So:
 *
 * - A hit is believed only with the lease file itself. One that the file belies shows that the index is wrong.
 * - A miss at the end of an attachment, or when it is checked, is believed only if it can be explained: this index saw its
 *   leases released, or prevResult names its addresses, and the files of all those addresses are now absent or others'.
 *   If one of them is its own after all, the index is wrong.
 * - A wrong index, and a miss that nothing explains, make the call read all leases, once: it builds the table anew. What it
 *   did not find then is remembered, so that repeating the call costs no more than any other.
 * - A miss at ADD is believed as it is: a container that starts has no lease, and must not pay for others. Where that is
 *   wrong, the container gets another address than the one that it has; nobody gets an address that is taken, since a
 *   lease is placed by link(2).
 *
 * What was released is remembered in 2,048 slots of the index file (released.ts), with the address, because a backup puts
 * a lease back where it was. These slots outlive the building of a new table: that makes sure anew that who is not in it
 * holds nothing. Nor need they be cleared when an owner comes back: its entries are looked at first.
 *
 * Any failure to use the index means that the leases are read instead.
 */

/** Runs `fn` with the owners of a store, and then closes both. `warn` is told of leases that cannot be read. */
export function usingOwners<T>(store: Store, warn: (line: string) => void, fn: (owners: Owners) => T): T {
  try {
    const owners = openOwners(store, warn);
    try {
      return fn(owners);
    } finally {
      deferSignals(() => owners.close());
    }
  } finally {
    store.close();
  }
}

function openOwners(store: Store, warn: (line: string) => void): Owners {
  const scanned = scannedOwners(store, warn);
  const fd = store.locked ? attempt(() => openIndex(store)) : undefined;
  if (fd === undefined) return scanned;
  const indexed = indexedOwners(store, fd, scanned, warn);
  if (!indexed) close(fd);
  return indexed ?? scanned;
}
