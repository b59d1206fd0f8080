/** Lease files: read, and written so that a lease is there whole or not at all. */

import {
  close,
  deferSignals,
  fstat,
  getxattr,
  linkFd,
  open,
  read,
  readText,
  renameNew,
  setxattr,
  unlink,
  write,
} from "#sys";
import { attempt } from "../../base/attempt.ts";
import {
  assertErrno,
  EAGAIN,
  EEXIST,
  EFBIG,
  EINVAL,
  EISDIR,
  ELOOP,
  ENODEV,
  ENOENT,
  ENOSYS,
  ENXIO,
  EOPNOTSUPP,
  EPERM,
  EXDEV,
  isErrno,
} from "../../base/errno.ts";
import { fnv1a } from "../../base/hash.ts";
import { formatIp, type Ip } from "../../base/ip.ts";
import { CniError, IO_FAILURE } from "../../spec/errors.ts";
import { O, S_IFMT, S_IFREG } from "../../sys/flags.ts";
import { decodeOrigin, type Origin, XATTR } from "./origin.ts";
import type { Store } from "./store.ts";

/** More than any record: the rest of such a file is not read. */
const RECORD_LIMIT = 2047;
/** What read(2) says of a directory, and of a FIFO that somebody has open for writing. */
const NO_LEASE = [EISDIR, EINVAL, EAGAIN];
/** Bytes of a file's name. */
const NAME_MAX = 255;
const TEMPORARY = ".berth-";
const FOR_READING = O.RDONLY | O.NOFOLLOW | O.NONBLOCK | O.NOCTTY;

export function leasePath(store: Store, ip: Ip): string {
  return `${store.directory}/${formatIp(ip)}`;
}

/**
 * The record in a lease file, white space around it trimmed; "" for a file too long to be one. undefined when there is
 * no such file, or something else under that name.
 * @throws SysError when the file is there and cannot be read (EACCES, EIO, EMFILE …)
 */
export function readRecord(path: string): string | undefined {
  const fd = openLease(path);
  if (fd === undefined) return undefined;
  try {
    return recordOf(fd);
  } finally {
    close(fd);
  }
}

/** As readRecord, but the bytes as they are: quicker, for reading all of them. Empty for a file too long to be a lease. */
export function readContent(path: string): Uint8Array | undefined {
  const fd = openLease(path);
  if (fd === undefined) return undefined;
  try {
    const content = read(fd, RECORD_LIMIT + 1);
    return content.length > RECORD_LIMIT ? new Uint8Array() : content;
  } catch (error) {
    if (isErrno(error, ...NO_LEASE)) return undefined;
    throw error;
  } finally {
    close(fd);
  }
}

/** A lease file as it is. */
export interface LeaseFile {
  readonly record: string;
  /** Whether berth wrote it: it has the attribute. */
  readonly ours: boolean;
  /** What the attribute says; undefined without one, or with one of another version. */
  readonly origin: Origin | undefined;
  readonly mtimeSec: number;
  readonly mtimeNsec: number;
}

/** As readRecord, with all that is known of the lease. undefined for anything but a regular file. */
export function readLease(path: string): LeaseFile | undefined {
  const fd = openLease(path);
  if (fd === undefined) return undefined;
  try {
    const { mode, mtimeSec, mtimeNsec } = fstat(fd);
    if ((mode & S_IFMT) !== S_IFREG) return undefined;
    const text = getxattr(fd, XATTR);
    const origin = text === undefined ? undefined : decodeOrigin(text);
    return { record: recordOf(fd) ?? "", ours: text !== undefined, origin, mtimeSec, mtimeNsec };
  } finally {
    close(fd);
  }
}

/** Removes a lease. Returns false when it was gone already. @throws CniError 5 naming the file when it cannot be removed */
export function removeLease(path: string): boolean {
  try {
    return unlink(path);
  } catch (error) {
    assertErrno(error);
    const details = "the address stays taken until that file can be removed: repeat the call then";
    throw new CniError(IO_FAILURE, `cannot remove lease ${(error as Error).message}`, details, error);
  }
}

/** A lease without a name yet: it becomes one by `placeLease`. */
export interface Draft {
  readonly fd: number;
  /** Its name outside of the lease directory, where the file system has no unnamed files; until it is placed, if it has no links. */
  readonly temporary?: string;
}

/**
 * Writes a lease that has no address yet: content and attribute, complete. Where attributes cannot be stored the lease is
 * made without, as the reference makes all of its own.
 * @throws SysError ENOSPC, EROFS …; nothing is left then
 */
export function draftLease(store: Store, record: string, attribute: string): Draft {
  const draft = emptyDraft(store);
  try {
    write(draft.fd, record);
    writeAttribute(draft.fd, attribute);
    return draft;
  } catch (error) {
    deferSignals(() => discardDraft(draft));
    throw error;
  }
}

/** Gives the draft its address: true, or false when that is taken. @throws SysError */
export function placeLease(store: Store, draft: Draft, ip: Ip): boolean {
  try {
    nameDraft(draft, leasePath(store, ip));
    return true;
  } catch (error) {
    if (isErrno(error, EEXIST)) return false;
    if (!isErrno(error, EXDEV) || draft.temporary === undefined) throw error;
    const details = `${store.directory} is a mount of a file system without O_TMPFILE: mount it at ${store.place.dataDir}`;
    throw new CniError(IO_FAILURE, `cannot make a lease in ${store.directory} in one step`, details, error);
  }
}

/** By a hard link; on a file system that has none (vfat) by moving it there, as much in one step. @throws SysError EEXIST … */
function nameDraft({ fd, temporary }: Draft, path: string): void {
  try {
    linkFd(fd, path);
  } catch (error) {
    if (temporary === undefined || !isErrno(error, EPERM, EOPNOTSUPP, ENOSYS)) throw error;
    renameNew(temporary, path);
  }
}

/** Ends the making of leases from the draft: its temporary name goes. The open file stays. */
export function finishDraft(draft: Draft): void {
  if (draft.temporary !== undefined) removeLease(draft.temporary);
}

/** Leaves nothing of a draft that was not placed. */
export function discardDraft(draft: Draft): void {
  finishDraft(draft);
  close(draft.fd);
}

/** Removes what a killed process may have left beside the directory; what cannot be removed harms nobody. Only under the lock. */
export function dropLeftover(store: Store): void {
  attempt(() => unlink(temporaryPath(store)));
}

/** Best effort: what cannot be stored (ENOTSUP, ENOSPC …) makes a lease that is never reclaimed, and no error. */
export function writeAttribute(fd: number, attribute: string): void {
  // The pod comes last and is the only part that can be long: without it the attribute may still find room.
  for (const text of [attribute, attribute.replace(/ p=.*/, "")]) {
    try {
      setxattr(fd, XATTR, text);
      return;
    } catch (error) {
      assertErrno(error);
    }
  }
}

function emptyDraft(store: Store): Draft {
  try {
    return { fd: open(store.directory, O.TMPFILE | O.RDWR, 0o600) };
  } catch (error) {
    if (!isErrno(error, EOPNOTSUPP, EISDIR, EINVAL)) throw error;
  }
  const temporary = temporaryPath(store);
  dropLeftover(store);
  return { fd: open(temporary, O.RDWR | O.CREAT | O.EXCL | O.NOFOLLOW, 0o600), temporary };
}

/**
 * Outside of the lease directory, where nothing but leases may ever be seen; no network name starts with a dot. As long as
 * a file's name can be: the longest network names are told apart by a hash.
 */
function temporaryPath({ place: { dataDir, network } }: Store): string {
  const isShort = network.length <= NAME_MAX - TEMPORARY.length;
  return `${dataDir}/${TEMPORARY}${isShort ? network : `${fnv1a(network)}-${network.slice(0, 200)}`}`;
}

/** Opens a lease for reading; undefined when there is none. @throws SysError as readRecord */
export function openLease(path: string): number | undefined {
  try {
    return open(path, FOR_READING);
  } catch (error) {
    if (isErrno(error, ENOENT, ELOOP, ENXIO, ENODEV)) return undefined;
    throw error;
  }
}

function recordOf(fd: number): string | undefined {
  try {
    return readText(fd, RECORD_LIMIT).trim();
  } catch (error) {
    if (isErrno(error, EFBIG)) return "";
    if (isErrno(error, ...NO_LEASE)) return undefined;
    throw error;
  }
}
