import { errnoOf } from "../../base/errno.ts";
import type { Ip } from "../../base/ip.ts";
import { readRecord } from "./lease.ts";
import { type Holder, recordText } from "./record.ts";
import { eachLease, leaseNames } from "./scan.ts";
import type { Store } from "./store.ts";

/** What an attachment holds: addresses, and the record that their leases have. */
export interface Holdings {
  readonly record: string;
  readonly ips: readonly Ip[];
}

/** The owners of a store's leases. */
export interface Owners {
  /**
   * The addresses whose record is exactly this owner's, as an ADD asks. A lease that somebody else wrote in place may be
   * missing (owners.ts).
   */
  addressesOf(owner: Holder): Ip[];
  /**
   * The leases of an attachment; if it has none, those of its container id from before leases knew interfaces. `named` are
   * addresses that it is said to have; asked for when others do not suffice.
   */
  holdingsOf(id: string, ifname: string, named: () => readonly Ip[]): Holdings;
  /** A lease was made under this record. */
  added(record: string, ip: Ip): void;
  /** The lease under this record was removed. */
  removed(record: string, ip: Ip): void;
  /** Ends the use, still under the lock: makes what was changed known to the index. */
  close(): void;
}

/** Every lease is read, once for all the questions of a call. `warn` is told of those that cannot be. */
export function scannedOwners(store: Store, warn: (line: string) => void): Owners {
  let known: Map<string, Ip[]> | undefined;
  const addressesOf = (owner: Holder) => {
    known ??= readAll(store, warn);
    return known.get(recordText(owner)) ?? [];
  };
  return {
    addressesOf,
    holdingsOf(id, ifname) {
      const ips = addressesOf({ id, ifname });
      return ips.length > 0 ? { record: recordText({ id, ifname }), ips } : { record: id, ips: addressesOf({ id }) };
    },
    added() {},
    removed() {},
    close() {},
  };
}

function readAll(store: Store, warn: (line: string) => void): Map<string, Ip[]> {
  const map = new Map<string, Ip[]>();
  eachLease(leaseNames(store.directory), warn, readRecord, (record, ip) => {
    const addresses = map.get(record);
    if (addresses) addresses.push(ip);
    else map.set(record, [ip]);
  });
  return map;
}

/** The result of `fn`; undefined when a system call failed. */
export function unlessErrno<T>(fn: () => T): T | undefined {
  try {
    return fn();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
