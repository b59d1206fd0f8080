import { Explained } from "../base/explained.ts";
import { type Held, underRunLock } from "../sys/run-lock.ts";

/** Milliseconds that another repair may take. */
const TIMEOUT = 60_000;

/**
 * Does `work` while no other berth repairs or prunes on this node: two at once might make a rule twice. Throws Explained when
 * another took too long.
 */
export function underNodeLock<T>(work: () => T): T {
  return underRunLock("repair", TIMEOUT, late, work);
}

function late({ path, holder, cause }: Held): Explained {
  const next = `${path} is held by ${holder}: try again, or look why that does not end`;
  return new Explained(`waited ${TIMEOUT / 1000} s for another berth repair or prune`, next, cause);
}
