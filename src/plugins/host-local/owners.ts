/** Which addresses an owner holds, without reading every lease: DESIGN §5, last rules. */
import { close, deferSignals, lstat, open, realtime, setMtime } from "#sys";
import { ENOENT, errnoOf, isErrno } from "../../base/errno.ts";
import type { Ip } from "../../base/ip.ts";
import { O } from "../../sys/flags.ts";
import { leasePath, readContent, readRecord } from "./lease.ts";
import { type Holder, recordText } from "./record.ts";
import { type Hash, hashOf, hashOfContent } from "./record-hash.ts";
import { eachLease, leaseNames } from "./scan.ts";
import { makeDirectories, type Store } from "./store.ts";
import { buildTable, enter, isCrowded, isWhole, lookUp, readTable, stampTable, strike, type Table } from "./table.ts";

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
 * A hit is believed only with the lease file itself. Any failure to use the index means that the leases are read instead.
 */

/** The owners of a store's leases. */
export interface Owners {
  /** The addresses whose record is exactly this owner's. */
  addressesOf(owner: Holder): Ip[];
  /** A lease was made under this record. */
  added(record: string, ip: Ip): void;
  /** The lease under this record was removed. */
  removed(record: string, ip: Ip): void;
  /** Ends the use, still under the lock: makes what was changed known to the index. */
  close(): void;
}

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

/** The leases of an attachment; if it has none, those of its container id from before leases knew interfaces. */
export function holdingsOf(owners: Owners, id: string, ifname: string): { record: string; ips: Ip[] } {
  const ips = owners.addressesOf({ id, ifname });
  if (ips.length > 0) return { record: recordText({ id, ifname }), ips };
  return { record: id, ips: owners.addressesOf({ id }) };
}

/** The owners of an open store. `warn` is told of leases that cannot be read. */
export function openOwners(store: Store, warn: (line: string) => void): Owners {
  const scanned = scannedOwners(store, warn);
  const fd = store.locked ? unlessErrno(() => openIndex(store)) : undefined;
  if (fd === undefined) return scanned;
  const current = unlessErrno(() => currentTable(store, fd));
  const table = current ?? unlessErrno(() => rebuiltTable(store, fd, warn));
  if (table) return indexedOwners(store, table, current === undefined, scanned);
  close(fd);
  return scanned;
}

function indexedOwners(store: Store, table: Table, rebuilt: boolean, scanned: Owners): Owners {
  let changed = rebuilt;
  let usable = true;
  const hashes = new Map<string, Hash>();
  const hash = (record: string) => {
    const known = hashes.get(record) ?? hashOf(record);
    hashes.set(record, known);
    return known;
  };
  const change = (fn: () => void) => {
    changed = true;
    // Not usable while it is changed: whatever ends that half way, the index must not be stamped as being in step.
    const before = usable;
    usable = false;
    usable = unlessErrno(() => fn() ?? true) !== undefined && before;
  };
  return {
    addressesOf(owner) {
      const record = recordText(owner);
      const hits = unlessErrno(() => lookUp(table, hash(record)));
      if (!hits) return scanned.addressesOf(owner);
      return hits.filter((ip) => readRecord(leasePath(store, ip)) === record);
    },
    added(record, ip) {
      usable &&= !isCrowded(table);
      change(() => enter(table, hash(record), ip));
    },
    removed(record, ip) {
      change(() => strike(table, hash(record), ip));
    },
    close() {
      if (changed && usable) unlessErrno(() => putInStep(store, table, rebuilt));
      close(table.fd);
    },
  };
}

/** Every lease is read, once for all the questions of a call. */
function scannedOwners(store: Store, warn: (line: string) => void): Owners {
  let known: Map<string, Ip[]> | undefined;
  const scan = () => {
    const map = new Map<string, Ip[]>();
    eachLease(leaseNames(store.directory), warn, readRecord, (record, ip) => {
      const addresses = map.get(record);
      if (addresses) addresses.push(ip);
      else map.set(record, [ip]);
    });
    return map;
  };
  return {
    addressesOf(owner) {
      known ??= scan();
      return known.get(recordText(owner)) ?? [];
    },
    added() {},
    removed() {},
    close() {},
  };
}

function openIndex(store: Store): number {
  const { indexDir } = store.place;
  const path = `${indexDir}/${store.stat.dev}-${store.stat.ino}`;
  const flags = O.RDWR | O.CREAT | O.NOFOLLOW | O.NONBLOCK;
  try {
    return open(path, flags, 0o600);
  } catch (error) {
    if (!isErrno(error, ENOENT)) throw error;
  }
  makeDirectories(indexDir.slice(0, indexDir.lastIndexOf("/")), 0o755);
  makeDirectories(indexDir, 0o700);
  return open(path, flags, 0o600);
}

/** The table in the index file, if it is in step with the directory. */
function currentTable(store: Store, fd: number): Table | undefined {
  const table = readTable(fd);
  if (!table || table.stamp.sec !== store.stat.mtimeSec || table.stamp.nsec !== store.stat.mtimeNsec) return undefined;
  return isWhole(table) ? table : undefined;
}

/** A new table from the leases themselves; undefined when not all could be read, or one came or went meanwhile. */
function rebuiltTable(store: Store, fd: number, warn: (line: string) => void): Table | undefined {
  const names = leaseNames(store.directory);
  const builder = buildTable(names.length);
  const complete = eachLease(names, warn, readContent, (content, ip) => {
    if (content.length > 0) builder.add(hashOfContent(content), ip);
  });
  const { mtimeSec, mtimeNsec } = lstat(store.directory);
  if (!complete || mtimeSec !== store.stat.mtimeSec || mtimeNsec !== store.stat.mtimeNsec) return undefined;
  return builder.write(fd);
}

/** Gives the directory a time that no change can give it, and stamps the table with that. */
function putInStep(store: Store, table: Table, check: boolean): void {
  const past = realtime() - 1000;
  const sec = Math.floor(past / 1000);
  const nsec = Math.floor((past - sec * 1000) * 1e6);
  setMtime(store.directory, sec, nsec);
  if (check) {
    // A file system that rounds times would give the same one to two changes: there the index is built at each call.
    const { mtimeSec, mtimeNsec } = lstat(store.directory);
    if (mtimeSec !== sec || mtimeNsec !== nsec) return;
  }
  stampTable(table, { sec, nsec });
}

/** The result of `fn`; undefined when a system call failed. */
function unlessErrno<T>(fn: () => T): T | undefined {
  try {
    return fn();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
