/** For the operator (berth prune): the store of a network that nobody uses is removed. */
import { readdir, rmdir, unlink } from "#sys";
import { ENOENT, ENOTEMPTY, isErrno } from "../../base/errno.ts";
import type { Place } from "./config.ts";
import { indexPath } from "./index-file.ts";
import { dropLeftover, readRecord, removeLease } from "./lease.ts";
import { parseRecord } from "./record.ts";
import { leaseNames } from "./scan.ts";
import { openStore } from "./store.ts";

/** What became of a store: dropped, or why not. */
export type Dropped = { readonly is: "dropped" } | { readonly is: "kept"; readonly because: string };

/**
 * Removes the directory of a network's leases, with its lock, and its index: under the lock, and only if no lease names anybody.
 * Before that, and also where there is no directory, does `work`: with the lock held no ADD can lease meanwhile, and so none
 * makes a link. What is none of host-local's stays, and the directory with it. @throws CniError 5, 11, and what `work` throws
 */
export function dropStore(place: Place, work: () => void): Dropped {
  const store = openStore(place, true);
  if (!store) {
    work();
    return { is: "dropped" };
  }
  try {
    const { directory } = store;
    const names = leaseNames(directory);
    const used = names.find(({ path }) => parseRecord(readRecord(path) ?? "") !== undefined);
    if (used) return { is: "kept", because: `${used.path} has been leased meanwhile` };
    work();
    for (const { path } of names) removeLease(path);
    dropLeftover(store);
    unlink(indexPath(store));
    // Whoever waits for the lock finds it gone with the directory, and says so.
    for (const name of readdir(directory).filter(isOwn)) unlink(`${directory}/${name}`);
    unlink(`${directory}/lock`);
    return removed(directory);
  } finally {
    store.close();
  }
}

const isOwn = (name: string): boolean => /^last_reserved_ip\.\d+$/.test(name);

function removed(directory: string): Dropped {
  try {
    rmdir(directory);
  } catch (error) {
    if (isErrno(error, ENOENT)) return { is: "dropped" };
    if (!isErrno(error, ENOTEMPTY)) throw error;
    return { is: "kept", because: `${directory} has other files: ${readdir(directory).join(", ")}` };
  }
  return { is: "dropped" };
}
