/** How every system call is made: pending signals first, EINTR retried, a failure thrown. */
import { EINTR } from "../../base/errno.ts";
import { sysError } from "./errors.ts";
import { errno } from "./libc.ts";
import { throwPendingSignal } from "./signals.ts";

/** The result of `attempt`, repeated while a signal interrupts it. -1 throws a SysError with this `syscall` and `path`. */
export function call(syscall: string, attempt: () => number | bigint, path?: string): number {
  throwPendingSignal();
  for (;;) {
    const result = Number(attempt());
    if (result !== -1) return result;
    const failure = errno();
    if (failure !== EINTR) throw sysError(syscall, failure, path);
  }
}
