/** The directory of a network's leases, and the lock that all who change it hold. Layout: ref-host-local §4. */
import { close, flock, lstat, open, stat } from "#sys";
import {
  assertErrno,
  EACCES,
  EDQUOT,
  ELOOP,
  ENAMETOOLONG,
  ENOENT,
  ENOSPC,
  ENOTDIR,
  ENXIO,
  EPERM,
  EROFS,
  ETIMEDOUT,
  errnoOf,
  isErrno,
  messageOf,
} from "../../base/errno.ts";
import { CniError, IO_FAILURE, TRY_AGAIN_LATER } from "../../spec/errors.ts";
import { makeDirectories } from "../../sys/directories.ts";
import { O, S_IFDIR, S_IFMT } from "../../sys/flags.ts";
import { lockHolder } from "../../sys/lock-holder.ts";
import type { Place } from "./config.ts";

type Stat = ReturnType<typeof stat>;

/** That there is no lock file, or something else under its name. Whatever else keeps it from being opened proves nothing. */
const NO_LOCK_FILE = [ENOENT, ENOTDIR, ENAMETOOLONG, ELOOP, ENXIO];
/** The same, or that none can be made there: leases may still be read, and removed from a full disk. */
const NO_NEW_LOCK = [...NO_LOCK_FILE, EROFS, ENOSPC, EDQUOT, EACCES, EPERM];

/*
 *  <dataDir>/
 *    <network>/               0755
 *      lock                   0750, always empty: flock(2) here excludes everybody else, the reference included
 *      last_reserved_ip.<N>   0600, the address that range set N gave last
 *      10.1.2.3               0600, a lease: container id CR LF interface name
 *    .berth-<network>         only where O_TMPFILE is refused, and only while a lease is being written
 */

/** An open network directory. */
export interface Store {
  readonly place: Place;
  /** `<dataDir>/<network>`. */
  readonly directory: string;
  /**
   * Whether the lock is held. Not where the file system has no locks (the reference then goes on too), and not where the
   * lock file cannot be made: such a store can still be read, and leases be removed from it.
   */
  readonly locked: boolean;
  /** The directory as it was found, under the lock. */
  readonly stat: Stat;
  /** Gives the lock back. */
  close(): void;
}

/**
 * Opens the store and takes its lock, making directory and lock file where they are missing.
 * @throws CniError 11 when the lock cannot be had in time, naming its holder; 5 when the directory cannot be made or used
 */
export function createStore(place: Place): Store {
  const directory = directoryOf(place);
  try {
    return lockedStore(place, directory, openLock(directory) ?? makeLock(directory));
  } catch (error) {
    throw unusable(place, error, "it must be a directory that can be written");
  }
}

/** What is no SysError stays as it is. */
function unusable(place: Place, error: unknown, remedy: string): unknown {
  if (errnoOf(error) === undefined) return error;
  const details = `ipam.dataDir is ${place.dataDir}: ${remedy}`;
  return new CniError(IO_FAILURE, `cannot use ${directoryOf(place)}: ${messageOf(error)}`, details, error);
}

/**
 * As createStore, for calls that must get by without: undefined when there is no directory, not locked when there is one
 * but no lock file can be made. With `make` false nothing is created.
 * @throws CniError 11 when the lock cannot be had in time, 5 when the directory is none or cannot be looked at
 */
export function openStore(place: Place, make: boolean): Store | undefined {
  const directory = directoryOf(place);
  try {
    const lock = openLock(directory) ?? (make ? makeLockIfPossible(directory) : undefined);
    if (lock === undefined && !statDirectory(directory)) return undefined;
    return lockedStore(place, directory, lock);
  } catch (error) {
    throw unusable(place, error, "what is leased there cannot be seen: repeat the call when it can");
  }
}

/**
 * The directory at `path`, or where a link leads that an administrator put there: whoever can write in dataDir needs no link
 * to mislead. No link is followed inside of it. undefined when there is nothing.
 * @throws CniError 5 when it is something else, or a link to nothing
 */
export function statDirectory(path: string): Stat | undefined {
  try {
    const found = stat(path);
    if ((found.mode & S_IFMT) === S_IFDIR) return found;
  } catch (error) {
    if (isErrno(error, ENOENT, ENOTDIR, ENAMETOOLONG) && !isThere(path)) return undefined;
    if (!isErrno(error, ENOENT, ELOOP)) throw error;
    const details = "the leases of the network are kept there: make the directory that it leads to, or remove the link";
    throw new CniError(IO_FAILURE, `${path} is a link that leads nowhere`, details, error);
  }
  throw new CniError(
    IO_FAILURE,
    `${path} is not a directory`,
    "move it away: the leases of the network are kept there",
  );
}

function isThere(path: string): boolean {
  try {
    lstat(path);
    return true;
  } catch (error) {
    if (isErrno(error, ENOENT, ENOTDIR, ENAMETOOLONG)) return false;
    throw error;
  }
}

/** `<dataDir>/<network>`. */
export function directoryOf(place: Place): string {
  return `${place.dataDir}/${place.network}`;
}

function lockedStore(place: Place, directory: string, lock: number | undefined): Store {
  try {
    const locked = lock !== undefined && takeLock(lock, place, directory);
    const stat = statDirectory(directory);
    if (!stat) throw new CniError(IO_FAILURE, `${directory} was removed while its lock was waited for`, "try again");
    return { place, directory, locked, stat, close: () => lock !== undefined && close(lock) };
  } catch (error) {
    if (lock !== undefined) close(lock);
    throw error;
  }
}

/** The lock file, if it is there. @throws SysError when that cannot be told, or it cannot be opened */
function openLock(directory: string): number | undefined {
  try {
    return open(`${directory}/lock`, O.RDONLY | O.NOFOLLOW | O.NONBLOCK);
  } catch (error) {
    if (isErrno(error, ...NO_LOCK_FILE)) return undefined;
    throw error;
  }
}

function makeLockIfPossible(directory: string): number | undefined {
  try {
    return makeLock(directory);
  } catch (error) {
    if (isErrno(error, ...NO_NEW_LOCK)) return undefined;
    throw error;
  }
}

/** @throws SysError; CniError 5 where the directory is none */
function makeLock(directory: string): number {
  makeDirectories(directory, 0o755);
  try {
    return open(`${directory}/lock`, O.RDONLY | O.CREAT | O.NOFOLLOW | O.NONBLOCK, 0o750);
  } catch (error) {
    if (isErrno(error, ENOENT, ENOTDIR, ELOOP)) statDirectory(directory);
    throw error;
  }
}

function takeLock(lock: number, place: Place, directory: string): boolean {
  try {
    flock(lock, place.lockTimeout);
    return true;
  } catch (error) {
    assertErrno(error);
    if (!isErrno(error, ETIMEDOUT)) return false;
    const path = `${directory}/lock`;
    const message = `waited ${place.lockTimeout / 1000} s for the lock of network "${place.network}"`;
    const details = `${path} is held by ${lockHolder(lock)}; try again, or look why that does not end`;
    throw new CniError(TRY_AGAIN_LATER, message, details, error);
  }
}
