import { close, flock, open } from "#sys";
import { attempt } from "../base/attempt.ts";
import { ETIMEDOUT, isErrno } from "../base/errno.ts";
import { makeDirectories } from "./directories.ts";
import { O } from "./flags.ts";
import { lockHolder } from "./lock-holder.ts";

const DIRECTORY = "/run/berth";

/** That a lock was held for too long. */
export interface Held {
  readonly path: string;
  /** Who holds it, in words. */
  readonly holder: string;
  readonly cause: unknown;
}

/**
 * Does `work` while no other berth does something under that name, and gives it the lock: a program that keeps it open keeps it, also
 * when this one is killed. Without a writable /run there is none, and it is done all the same. After `timeout` milliseconds throws
 * what `late` makes.
 */
export function underRunLock<T>(
  name: string,
  timeout: number,
  late: (held: Held) => Error,
  work: (lock: number | undefined) => T,
): T {
  const path = `${DIRECTORY}/${name}.lock`;
  const lock = attempt(() => openLock(path));
  try {
    if (lock !== undefined) take(lock, path, timeout, late);
    return work(lock);
  } finally {
    if (lock !== undefined) close(lock);
  }
}

function openLock(path: string): number {
  makeDirectories(DIRECTORY, 0o755);
  return open(path, O.RDONLY | O.CREAT | O.NOFOLLOW | O.NONBLOCK, 0o600);
}

function take(lock: number, path: string, timeout: number, late: (held: Held) => Error): void {
  try {
    flock(lock, timeout);
  } catch (error) {
    if (!isErrno(error, ETIMEDOUT)) throw error;
    throw late({ path, holder: lockHolder(lock), cause: error });
  }
}
