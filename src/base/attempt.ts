import { assertErrno } from "./errno.ts";

/** What `work` gives; undefined where a system call, or the kernel by netlink, refuses it. What else is thrown goes on. */
export function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    assertErrno(error);
    return undefined;
  }
}
