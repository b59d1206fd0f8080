import { load } from "#sys";
import { EINVAL, EPROTONOSUPPORT, isErrno, type SysError } from "../base/errno.ts";
import { NetlinkError } from "../netlink/error.ts";

/**
 * Whether a failure is what a kernel without nf_tables says: to nfnetlink's socket where that is missing too, else in answer
 * to every question. Nothing else says that nothing of nf_tables can be there: who may not look must not conclude.
 */
export function isLack(failure: unknown): boolean {
  if (failure instanceof NetlinkError) return failure.errno === EINVAL;
  return isErrno(failure, EPROTONOSUPPORT) && (failure as SysError).syscall === "socket";
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
