import { close, open } from "#sys";
import {
  EACCES,
  EFBIG,
  EINVAL,
  EISDIR,
  ELOOP,
  ENAMETOOLONG,
  ENOENT,
  ENOTDIR,
  EOPNOTSUPP,
  EPERM,
  EROFS,
  errnoOf,
  isErrno,
  messageOf,
} from "../../base/errno.ts";
import { CniError, NOT_AVAILABLE } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import { O } from "../../sys/flags.ts";
import { awaitsRanges, readPlace, readPool, readWishes } from "./config.ts";
import { readResolvConf } from "./resolv.ts";
import { directoryOf, statDirectory } from "./store.ts";

/**
 * What a person must cure. All else is ready: no room (ENOSPC, EDQUOT), memory or descriptors ends with a DEL or with
 * time, and a device that fails once (EIO) may not fail again.
 */
const LASTING = [EACCES, EPERM, EROFS, ENOTDIR, ELOOP, ENAMETOOLONG];
/** The same for a file that must be there, of a kind and size that can be read. */
const LASTING_FILE = [...LASTING, ENOENT, EINVAL, EISDIR, EFBIG];

/**
 * Rehearses an ADD: an error is a promise that every ADD fails until a person acts. Pools and disks that are full, a lock
 * that is held, and what only a container's call brings are no reason. Changes nothing, waits for no lock, says nothing.
 * @throws CniError 50 when no lease can be made in dataDir; 4, 6 or 7 for a configuration that ADD refuses
 */
export function status(call: Call): void {
  const place = readPlace(call.config, call.name);
  const pool = readPool(call, awaitsRanges(call.config));
  call.vet?.(pool);
  readWishes(call);
  if (pool.resolvConf !== undefined) assertReadable(pool.resolvConf);
  const directory = directoryOf(place);
  try {
    if (statDirectory(directory)) openIfThere(`${directory}/lock`, O.RDONLY);
    assertWritable(directory);
  } catch (error) {
    if (!(error instanceof CniError) && errnoOf(error) === undefined) throw error;
    if (!(error instanceof CniError) && !isErrno(error, ...LASTING)) return;
    const details = `ipam.dataDir is ${place.dataDir}: leases must be written there`;
    throw new CniError(NOT_AVAILABLE, `host-local: no address can be leased: ${messageOf(error)}`, details, error);
  }
}

function assertReadable(resolvConf: string): void {
  try {
    readResolvConf(resolvConf);
  } catch (error) {
    if (!(error instanceof CniError) || isErrno(error.cause, ...LASTING_FILE)) throw error;
  }
}

/** Whether a lease, or the directories for it, could be made. @throws SysError saying what stands in the way */
function assertWritable(directory: string): void {
  try {
    close(open(directory, O.TMPFILE | O.WRONLY, 0o600));
  } catch (error) {
    const parent = directory.slice(0, directory.lastIndexOf("/"));
    if (isErrno(error, ENOENT) && parent !== "") assertWritable(parent);
    // No unnamed files here: what the lock file allows is all that can be learned without making a named one.
    else if (isErrno(error, EOPNOTSUPP, EISDIR, EINVAL)) openIfThere(`${directory}/lock`, O.WRONLY);
    else throw error;
  }
}

/** Opens a file as it is, if there is one. @throws SysError */
function openIfThere(path: string, flags: number): void {
  try {
    close(open(path, flags | O.NOFOLLOW | O.NONBLOCK));
  } catch (error) {
    if (!isErrno(error, ENOENT)) throw error;
  }
}
