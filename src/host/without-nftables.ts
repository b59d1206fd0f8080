import { load } from "#sys";
import { EINVAL, EPROTONOSUPPORT, isErrno } from "../base/errno.ts";

/**
 * What a kernel says that has no nf_tables: to nfnetlink's socket where that is missing too, else to every question. No
 * other error says that nothing of nf_tables can be there: who may not look must not conclude.
 */
const LACKING = [EPROTONOSUPPORT, EINVAL];

/** Whether a failure of `nftablesFailure` (nftables.ts) means that the kernel has no nf_tables. */
export function isLack(failure: unknown): boolean {
  return isErrno(failure, ...LACKING);
}

/** What `ask` answers; on a kernel without nf_tables, which is found out when it fails, what `without` does. */
export function orWithout<T>(ask: () => T, without: () => T): T {
  try {
    return ask();
  } catch (error) {
    if (!isLack(error) || !(load("rules") as { lacksNftables(): boolean }).lacksNftables()) throw error;
    return without();
  }
}
