import { close, open, write } from "#sys";
import { EINVAL, EISDIR, ENOENT, EOPNOTSUPP, errnoOf, isErrno, messageOf } from "../../base/errno.ts";
import { CniError, NOT_AVAILABLE } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import { O } from "../../sys/flags.ts";
import { type Place, readPlace, readPool } from "./config.ts";
import { readWorld } from "./life.ts";
import { capacityOf, formatSet, type RangeSet } from "./ranges.ts";
import { describe, leasedOf, occupancyOf } from "./reclaim.ts";
import { directoryOf, statDirectory } from "./store.ts";

/**
 * Says whether an ADD would find an address and could record it. Changes nothing and waits for no lock.
 * @throws CniError 50 when dataDir cannot be written or a range set is full of leases that must stay; 6 or 7 for a bad config
 */
export function status(call: Call): void {
  const place = readPlace(call.config, call.name);
  const pool = readPool(call);
  call.vet?.(pool);
  try {
    const found = statDirectory(directoryOf(place));
    assertWritable(directoryOf(place));
    if (!found) return;
  } catch (error) {
    if (errnoOf(error) === undefined && !(error instanceof CniError)) throw error;
    const details = `ipam.dataDir is ${place.dataDir}: leases must be written there`;
    throw new CniError(NOT_AVAILABLE, `host-local: no address can be leased: ${messageOf(error)}`, details, error);
  }
  pool.sets.forEach((set, index) => {
    assertRoom(place, set, index);
  });
}

/** Whether a lease, or the directories for it, could be made. @throws SysError saying what stands in the way */
function assertWritable(directory: string): void {
  try {
    const probe = open(directory, O.TMPFILE | O.WRONLY, 0o600);
    try {
      write(probe, "room for one lease?");
    } finally {
      close(probe);
    }
  } catch (error) {
    const parent = directory.slice(0, directory.lastIndexOf("/"));
    if (isErrno(error, ENOENT) && parent !== "") assertWritable(parent);
    // No unnamed files here: what the lock file allows is all that can be learned without making a named one.
    else if (isErrno(error, EOPNOTSUPP, EISDIR, EINVAL)) openForWriting(`${directory}/lock`);
    else throw error;
  }
}

function openForWriting(path: string): void {
  try {
    close(open(path, O.WRONLY | O.NOFOLLOW | O.NONBLOCK));
  } catch (error) {
    if (!isErrno(error, ENOENT)) throw error;
  }
}

function assertRoom(place: Place, set: RangeSet, index: number): void {
  const directory = directoryOf(place);
  if (leasedOf(directory, set).length < capacityOf(set)) return;
  const occupancy = occupancyOf(directory, set, readWorld());
  if (occupancy.leased < occupancy.capacity || occupancy.gone.length + occupancy.nobodys.length > 0) return;
  const message = `host-local: no IP addresses available in range set ${index}: ${formatSet(set)}`;
  throw new CniError(NOT_AVAILABLE, message, `${describe(occupancy)}; DEL or GC releases what is not used`);
}
