import { close, flock, open } from "#sys";
import { attempt } from "../base/attempt.ts";
import { ETIMEDOUT, isErrno } from "../base/errno.ts";
import { CniError, TRY_AGAIN_LATER } from "../spec/errors.ts";
import { makeDirectories } from "../sys/directories.ts";
import { O } from "../sys/flags.ts";
import { lockHolder } from "../sys/lock-holder.ts";

/**
 * The lock under which berth reads a table of iptables and changes it by what it has read. That of xtables would not do: the
 * programs of iptables take it themselves, each for one change.
 */
const DIRECTORY = "/run/berth";
const PATH = `${DIRECTORY}/iptables.lock`;

/** Milliseconds that others may hold it. */
const TIMEOUT = 25_000;

/**
 * Does `work` while no other berth is at it, and gives it the lock: a program that keeps it open keeps it, also when this one
 * is killed. Undefined where none can be made: without a writable /run. @throws CniError 11 when it was held too long
 */
export function underLock<T>(work: (lock: number | undefined) => T): T {
  const lock = attempt(openLock);
  try {
    if (lock !== undefined) take(lock);
    return work(lock);
  } finally {
    if (lock !== undefined) close(lock);
  }
}

function openLock(): number {
  makeDirectories(DIRECTORY, 0o755);
  return open(PATH, O.RDONLY | O.CREAT | O.NOFOLLOW | O.NONBLOCK, 0o600);
}

function take(lock: number): void {
  try {
    flock(lock, TIMEOUT);
  } catch (error) {
    if (!isErrno(error, ETIMEDOUT)) throw error;
    const message = `waited ${TIMEOUT / 1000} s for other changes of iptables' rules`;
    const details = `${PATH} is held by ${lockHolder(lock)}; try again, or look why that does not end`;
    throw new CniError(TRY_AGAIN_LATER, message, details, error);
  }
}
