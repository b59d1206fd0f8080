/** The files of endpoint records: one for each attachment, there whole or not at all. */
import { close, linkFd, lstat, open, readdir, readFile, rename, unlink, write } from "#sys";
import { attempt } from "../../base/attempt.ts";
import {
  EEXIST,
  EINVAL,
  EISDIR,
  ENAMETOOLONG,
  ENOENT,
  ENOTDIR,
  EOPNOTSUPP,
  errnoOf,
  isErrno,
  messageOf,
} from "../../base/errno.ts";
import { fnv1a } from "../../base/hash.ts";
import type { Owner } from "../../base/owner.ts";
import { CniError, IO_FAILURE } from "../../spec/errors.ts";
import { makeDirectories } from "../../sys/directories.ts";
import { O } from "../../sys/flags.ts";
import { SUFFIX } from "./words.ts";

/** What a name of 255 bytes has room for, beside an interface and hashes. */
const NETWORK_LIMIT = 100;
const CONTAINER_LIMIT = 100;

/** There is no such file. */
const NONE = [ENOENT, ENOTDIR, ENAMETOOLONG];

/** No part of an owner has a colon (spec/env.ts). */
export function recordName({ network, containerId, ifname }: Owner): string {
  return `${prefixOf(network)}${fitted(containerId, CONTAINER_LIMIT)}:${ifname}${SUFFIX}`;
}

/** What the names of a network's records begin with. */
export function prefixOf(network: string): string {
  return `${fitted(network, NETWORK_LIMIT)}:`;
}

/** What is too long is cut, and a hash tells it from its like. */
function fitted(name: string, limit: number): string {
  return name.length > limit ? `${name.slice(0, limit)}~${fnv1a(name).toString(16)}` : name;
}

/** Undefined when there is none. @throws SysError */
export function readRecord(dir: string, owner: Owner): string | undefined {
  try {
    return readFile(`${dir}/${recordName(owner)}`);
  } catch (error) {
    if (isErrno(error, ...NONE)) return undefined;
    throw error;
  }
}

/** Writes a record in place of what there is. @throws CniError 5 */
export function writeRecord(dir: string, owner: Owner, content: string): void {
  const path = `${dir}/${recordName(owner)}`;
  try {
    place(dir, path, content);
  } catch (error) {
    const remedy = `"berth.register.dir" must be a directory that can be written, with room in it`;
    throw failure("write", path, remedy, error);
  }
}

function place(dir: string, path: string, content: string): void {
  const fd = unnamed(dir);
  if (fd === undefined) {
    placeByRename(dir, path, content);
    return;
  }
  try {
    write(fd, content);
    link(fd, path);
  } finally {
    close(fd);
  }
}

/** Undefined where the file system has no files without a name. */
function unnamed(dir: string): number | undefined {
  try {
    return open(dir, O.TMPFILE | O.WRONLY, 0o644);
  } catch (error) {
    if (isErrno(error, EOPNOTSUPP, EISDIR, EINVAL)) return undefined;
    if (!isErrno(error, ENOENT)) throw error;
  }
  makeDirectories(dir, 0o755);
  return unnamed(dir);
}

/** What an earlier attachment of the same owner left gives way. */
function link(fd: number, path: string): void {
  try {
    linkFd(fd, path);
  } catch (error) {
    if (!isErrno(error, EEXIST)) throw error;
    unlink(path);
    linkFd(fd, path);
  }
}

/** By a name that no source reads. */
function placeByRename(dir: string, path: string, content: string): void {
  const draft = `${dir}/.${path.slice(dir.length + 1)}`;
  const fd = open(draft, O.WRONLY | O.CREAT | O.TRUNC | O.NOFOLLOW, 0o644);
  try {
    write(fd, content);
    rename(draft, path);
  } catch (error) {
    attempt(() => unlink(draft));
    throw error;
  } finally {
    close(fd);
  }
}

/** Absent is success. @throws CniError 5 */
export function removeRecord(dir: string, owner: Owner): void {
  removeFile(`${dir}/${recordName(owner)}`);
}

function removeFile(path: string): void {
  try {
    unlink(path);
  } catch (error) {
    // A file system that is read-only refuses before it looks.
    if (isErrno(error, ...NONE) || isGone(path)) return;
    const remedy = "traffic of its services still goes to the container: repeat the call when the file can be removed";
    throw failure("remove", path, remedy, error);
  }
}

function isGone(path: string): boolean {
  try {
    lstat(path);
    return false;
  } catch (error) {
    return isErrno(error, ...NONE);
  }
}

/** The names of a network's records. @throws CniError 5 */
export function recordsOf(dir: string, network: string): string[] {
  const prefix = prefixOf(network);
  try {
    return readdir(dir).filter((name) => name.startsWith(prefix) && name.endsWith(SUFFIX));
  } catch (error) {
    if (isErrno(error, ...NONE)) return [];
    throw failure("read", dir, "the records of the network are there: repeat the call when it can be read", error);
  }
}

/** Those of `names` whose owner is not among `alive`. @throws CniError 5 */
export function sweepRecords(dir: string, names: readonly string[], alive: readonly Owner[]): void {
  const kept = new Set(alive.map(recordName));
  for (const name of names) if (!kept.has(name)) removeFile(`${dir}/${name}`);
}

/** Why no record could be written to the directory; undefined when one could. Nothing is made. */
export function obstacleIn(dir: string): unknown {
  try {
    close(open(dir, O.TMPFILE | O.WRONLY, 0o644));
    return undefined;
  } catch (error) {
    if (isErrno(error, EOPNOTSUPP, EISDIR, EINVAL)) return undefined;
    const parent = dir.slice(0, dir.lastIndexOf("/")) || "/";
    return isErrno(error, ENOENT) && parent !== dir ? obstacleIn(parent) : error;
  }
}

/** What is no SysError stays as it is. */
function failure(verb: string, path: string, remedy: string, error: unknown): unknown {
  if (errnoOf(error) === undefined) return error;
  return new CniError(IO_FAILURE, `cannot ${verb} the endpoint record ${path}: ${messageOf(error)}`, remedy, error);
}
