import { CniError, TRY_AGAIN_LATER } from "../spec/errors.ts";
import { type Held, underRunLock } from "../sys/run-lock.ts";

/** Milliseconds that others may hold it. */
const TIMEOUT = 25_000;

/**
 * Does `work` under the lock under which berth reads a table of iptables and changes it by what it has read; that of xtables would
 * not do: the programs of iptables take it themselves, each for one change. Undefined where none can be made (sys/run-lock.ts).
 * @throws CniError 11 when it was held too long
 */
export function underLock<T>(work: (lock: number | undefined) => T): T {
  return underRunLock("iptables", TIMEOUT, late, work);
}

function late({ path, holder, cause }: Held): CniError {
  const message = `waited ${TIMEOUT / 1000} s for other changes of iptables' rules`;
  const details = `${path} is held by ${holder}; try again, or look why that does not end`;
  return new CniError(TRY_AGAIN_LATER, message, details, cause);
}
