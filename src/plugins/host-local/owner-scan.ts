import { assertErrno, EMFILE, ENFILE, isErrno, messageOf } from "../../base/errno.ts";
import type { Ip } from "../../base/ip.ts";
import { CniError, IO_FAILURE } from "../../spec/errors.ts";
import { readRecord } from "./lease.ts";
import { type LeaseOwner, recordText } from "./record.ts";
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
  addressesOf(owner: LeaseOwner): Ip[];
  /**
   * The leases of an attachment; if it has none, those of its container id from before leases knew interfaces. `named` are
   * addresses that it is said to have; asked for when others do not suffice.
   * @throws CniError 5 when it seems to have none, but a lease that cannot be read may be its own
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
  let known: Leases | undefined;
  const addressesOf = (owner: LeaseOwner) => {
    known ??= readAll(store, warn);
    return known.byRecord.get(recordText(owner)) ?? [];
  };
  const holdings = (id: string, ifname: string) => {
    const ips = addressesOf({ id, ifname });
    return ips.length > 0 ? { record: recordText({ id, ifname }), ips } : { record: id, ips: addressesOf({ id }) };
  };
  return {
    addressesOf,
    holdingsOf(id, ifname) {
      try {
        const found = holdings(id, ifname);
        if (found.ips.length > 0 || known?.failure === undefined) return found;
        throw known.failure;
      } catch (error) {
        assertErrno(error);
        const message = `cannot tell what ${id} ${ifname} holds: ${messageOf(error)}`;
        throw new CniError(IO_FAILURE, message, remedyFor(error, known !== undefined), error);
      }
    },
    added() {},
    removed() {},
    close() {},
  };
}

/** What to do where a lease, or the directory, cannot be read. */
function remedyFor(error: unknown, isLease: boolean): string {
  if (isErrno(error, EMFILE, ENFILE)) return "raise the limit of open files (16 are enough), then repeat the call";
  if (!isLease) return "repeat the call when it can be read";
  return "that lease may be its own: repeat the call when it can be read, or remove the file if that cannot be mended";
}

interface Leases {
  readonly byRecord: Map<string, Ip[]>;
  /** Of one that could not be read. */
  readonly failure: unknown;
}

function readAll(store: Store, warn: (line: string) => void): Leases {
  const map = new Map<string, Ip[]>();
  const failure = eachLease(leaseNames(store.directory), warn, readRecord, (record, ip) => {
    const addresses = map.get(record);
    if (addresses) addresses.push(ip);
    else map.set(record, [ip]);
  });
  return { byRecord: map, failure };
}
