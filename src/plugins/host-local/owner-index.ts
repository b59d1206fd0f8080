/** The owners of a store's leases by its index: owners.ts says when that is believed. */

import { close, fstat, realtime, setMtime, stat } from "#sys";
import { attempt } from "../../base/attempt.ts";
import type { Ip } from "../../base/ip.ts";
import { sweepIndexes } from "./index-file.ts";
import { leasePath, readContent, readRecord } from "./lease.ts";
import type { Holdings, Owners } from "./owner-scan.ts";
import { recordText } from "./record.ts";
import { type Hash, hashOf, hashOfContent } from "./record-hash.ts";
import { recall, remember } from "./released.ts";
import { eachLease, leaseNames } from "./scan.ts";
import type { Store } from "./store.ts";
import { buildTable, enter, isCrowded, isWhole, lookUp, readTable, stampTable, strike, type Table } from "./table.ts";

interface Index {
  readonly store: Store;
  readonly fd: number;
  readonly warn: (line: string) => void;
  readonly hashes: Map<string, Hash>;
  table: Table;
  /** Built by this call, so that a lease which is not in it was not there. */
  exact: boolean;
  changed: boolean;
  /** Not while it is changed: whatever ends that half way, the index must not be stamped as being in step. */
  usable: boolean;
}

/** The owners by the index in an open file; undefined when it cannot be used. `scanned` answers where it fails later. */
export function indexedOwners(
  store: Store,
  fd: number,
  scanned: Owners,
  warn: (line: string) => void,
): Owners | undefined {
  const current = attempt(() => currentTable(store, fd));
  const isNew = !current && attempt(() => fstat(fd).size) === 0;
  const table = current ?? attempt(() => rebuiltTable(store, fd, warn));
  if (!table) return undefined;
  const exact = current === undefined;
  const index: Index = { store, fd, warn, hashes: new Map(), table, exact, changed: exact, usable: true };
  return {
    addressesOf: (owner) => asked(index, () => heldUnder(index, recordText(owner))) ?? scanned.addressesOf(owner),
    holdingsOf: (id, ifname, named) =>
      attempt(() => asked(index, () => holdingsIn(index, id, ifname, named))) ?? scanned.holdingsOf(id, ifname, named),
    added(record, ip) {
      index.usable &&= !isCrowded(index.table);
      change(index, () => enter(index.table, hashFor(index, record), ip));
    },
    removed(record, ip) {
      const hash = hashFor(index, record);
      change(index, () => strike(index.table, hash, ip));
      // What is not remembered, where there is no room for it, costs a reading of all leases at most.
      attempt(() => remember(fd, hash, ip));
    },
    close() {
      if (index.changed && index.usable) attempt(() => putInStep(store, index.table, index.exact));
      close(fd);
      if (isNew) sweepIndexes(store);
    },
  };
}

/** An answer of the index, which is built anew where it has none: undefined when that cannot be done. */
function asked<T>(index: Index, answer: () => T | undefined): T | undefined {
  const known = answer();
  if (known !== undefined || index.exact) return known;
  const table = attempt(() => rebuiltTable(index.store, index.fd, index.warn));
  if (!table) {
    index.usable = false;
    return undefined;
  }
  index.table = table;
  index.exact = true;
  index.changed = true;
  return answer();
}

/** The addresses of a record; undefined when the index cannot be read, or says so of a lease that is another's or gone. */
function heldUnder(index: Index, record: string): Ip[] | undefined {
  const entered = attempt(() => lookUp(index.table, hashFor(index, record)));
  const held = entered?.filter((ip) => readRecord(leasePath(index.store, ip)) === record);
  // In a table that has just been built, the others only hash alike.
  return index.exact || held?.length === entered?.length ? held : undefined;
}

function holdingsIn(index: Index, id: string, ifname: string, named: () => readonly Ip[]): Holdings | undefined {
  const record = recordText({ id, ifname });
  for (const one of [record, id]) {
    const ips = heldUnder(index, one);
    if (ips === undefined) return undefined;
    if (ips.length > 0) return { record: one, ips };
  }
  return isExplained(index, record, id, named) ? { record: id, ips: [] } : undefined;
}

/** Whether it is known why the table has neither record. If it was not before, that is remembered. */
function isExplained(index: Index, record: string, id: string, named: () => readonly Ip[]): boolean {
  const { fd } = index;
  const hash = hashFor(index, record);
  const released = attempt(() => recall(fd, hash));
  if (index.exact) {
    if (!released) attempt(() => remember(fd, hash, undefined));
    return true;
  }
  const others = named();
  if (!released && others.length === 0) return false;
  for (const ip of [...(released ?? []), ...others]) {
    const found = readRecord(leasePath(index.store, ip));
    if (found === record || found === id) return false;
  }
  if (!released) attempt(() => remember(fd, hash, others[0]));
  return true;
}

function hashFor({ hashes }: Index, record: string): Hash {
  const hash = hashes.get(record) ?? hashOf(record);
  hashes.set(record, hash);
  return hash;
}

function change(index: Index, fn: () => void): void {
  index.changed = true;
  const before = index.usable;
  index.usable = false;
  index.usable = attempt(() => fn() ?? true) !== undefined && before;
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
  const failure = eachLease(names, warn, readContent, (content, ip) => {
    if (content.length > 0) builder.add(hashOfContent(content), ip);
  });
  const { mtimeSec, mtimeNsec } = stat(store.directory);
  if (failure !== undefined || mtimeSec !== store.stat.mtimeSec || mtimeNsec !== store.stat.mtimeNsec) return undefined;
  return builder.write(fd, store.directory);
}

/** Gives the directory a time that no change can give it, and stamps the table with that. */
function putInStep(store: Store, table: Table, check: boolean): void {
  const past = realtime() - 1000;
  const sec = Math.floor(past / 1000);
  const nsec = Math.floor((past - sec * 1000) * 1e6);
  setMtime(store.directory, sec, nsec);
  if (check) {
    // A file system that rounds times would give the same one to two changes: there the index is built at each call.
    const { mtimeSec, mtimeNsec } = stat(store.directory);
    if (mtimeSec !== sec || mtimeNsec !== nsec) return;
  }
  stampTable(table, { sec, nsec });
}
