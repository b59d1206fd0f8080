/** Locks and extended attributes of an open file (sys/api.d.ts). */
import { EACCES, EAGAIN, ENOSYS, EOPNOTSUPP, EPERM, ERANGE, ETIMEDOUT, isErrno } from "../../base/errno.ts";
import { call } from "./call.ts";
import { monotonic, sleep } from "./clock.ts";
import { cstr, sysError } from "./errors.ts";
import { decodeText } from "./files.ts";
import { libc } from "./libc.ts";

const LOCK_EX = 2;
const LOCK_NB = 4;
const LOCK_POLL = 5; // ms

const ENODATA = 61;
const XATTR_SIZE_MAX = 1 << 16;

export function flock(fd: number, timeout: number): void {
  const deadline = monotonic() + timeout;
  for (;;) {
    try {
      call("flock", () => libc.flock(fd, LOCK_EX | LOCK_NB));
      return;
    } catch (e) {
      if (!isErrno(e, EAGAIN)) throw e;
    }
    const left = deadline - monotonic();
    if (left <= 0) throw sysError("flock", ETIMEDOUT);
    sleep(Math.min(left, LOCK_POLL));
  }
}

export function getxattr(fd: number, name: string): string | undefined {
  const key = cstr(name, "fgetxattr");
  for (const room of [1024, XATTR_SIZE_MAX]) {
    const value = new Uint8Array(room);
    try {
      const n = call("fgetxattr", () => libc.fgetxattr(fd, key, value, room));
      return decodeText([value.subarray(0, n)]);
    } catch (e) {
      if (isErrno(e, ENODATA, EOPNOTSUPP, ENOSYS, EPERM, EACCES)) return undefined;
      if (!isErrno(e, ERANGE)) throw e;
    }
  }
  throw sysError("fgetxattr", ERANGE);
}

export function setxattr(fd: number, name: string, value: string): void {
  const key = cstr(name, "fsetxattr");
  const bytes = Buffer.from(value);
  call("fsetxattr", () => libc.fsetxattr(fd, key, bytes, bytes.length, 0));
}
