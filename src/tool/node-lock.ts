import { close, flock, open } from "#sys";
import { attempt } from "../base/attempt.ts";
import { ETIMEDOUT, isErrno } from "../base/errno.ts";
import { Explained } from "../base/explained.ts";
import { makeDirectories } from "../sys/directories.ts";
import { O } from "../sys/flags.ts";
import { lockHolder } from "../sys/lock-holder.ts";

const DIRECTORY = "/run/berth";
const PATH = `${DIRECTORY}/repair.lock`;

/** Milliseconds that another repair may take. */
const TIMEOUT = 60_000;

/**
 * Does `work` while no other berth repairs or prunes on this node: two at once might make a rule twice. Without a writable
 * /run it is done all the same. Throws Explained when another took too long.
 */
export function underNodeLock<T>(work: () => T): T {
  const lock = attempt(openLock);
  try {
    if (lock !== undefined) take(lock);
    return work();
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
    throw new Explained(
      `waited ${TIMEOUT / 1000} s for another berth repair or prune`,
      `${PATH} is held by ${lockHolder(lock)}: try again, or look why that does not end`,
      error,
    );
  }
}
