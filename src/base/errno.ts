import { isOutOfMemory } from "./exhausted.ts";

/**
 * Kernel error numbers (asm-generic/errno-base.h, errno.h) and the predicate by which code decides on them.
 */
export const EPERM = 1;
export const ENOENT = 2;
export const EINTR = 4;
export const EIO = 5;
export const ENXIO = 6;
export const ENOEXEC = 8;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EBUSY = 16;
export const EEXIST = 17;
export const EXDEV = 18;
export const ENODEV = 19;
export const ENOTDIR = 20;
export const EISDIR = 21;
export const EINVAL = 22;
export const ENFILE = 23;
export const EMFILE = 24;
export const ETXTBSY = 26;
export const EFBIG = 27;
export const ENOSPC = 28;
export const EROFS = 30;
export const EPIPE = 32;
export const ERANGE = 34;
export const ENAMETOOLONG = 36;
export const ENOSYS = 38;
export const ENOTEMPTY = 39;
export const ELOOP = 40;
export const EXFULL = 54;
export const ERESTART = 85;
export const EMSGSIZE = 90;
export const EPROTONOSUPPORT = 93;
export const EOPNOTSUPP = 95;
export const EADDRNOTAVAIL = 99;
export const ENOBUFS = 105;
export const EAFNOSUPPORT = 97;
export const ENETDOWN = 100;
export const ENETUNREACH = 101;
export const EHOSTUNREACH = 113;
export const ETIMEDOUT = 110;
export const ECONNREFUSED = 111;
export const ECONNRESET = 104;
export const EDQUOT = 122;
export const ESRCH = 3;

/** A failed system call as the host throws it (sys/api.d.ts). */
export interface SysError extends Error {
  readonly syscall: string;
  readonly errno: number;
  /** The symbolic name, "EEXIST". */
  readonly code: string;
  readonly path?: string;
}

/** The `errno` an error carries (system call or netlink), or undefined. */
export function errnoOf(error: unknown): number | undefined {
  const errno = (error as { errno?: unknown } | null | undefined)?.errno;
  return typeof errno === "number" ? errno : undefined;
}

/** Whether `error` carries one of `wanted` as its `errno`. */
export function isErrno(error: unknown, ...wanted: number[]): boolean {
  const errno = errnoOf(error);
  return errno !== undefined && wanted.includes(errno);
}

/**
 * Lets pass what a system call, or the kernel by netlink, refused: for a catch that deals with that. What else was thrown (a
 * signal, a defect, an answer of CNI) is thrown again.
 */
export function assertErrno(error: unknown): asserts error is Error & { errno: number } {
  if (errnoOf(error) === undefined) throw error;
}

/** Whether `error` says that a SIGTERM or SIGINT arrived (sys/api.d.ts). */
export function isSignal(error: unknown): error is Error & { signal: string } {
  return typeof (error as { signal?: unknown } | null | undefined)?.signal === "string";
}

const TEXTS: Record<number, string> = {
  [EPERM]: "operation not permitted",
  [ENOENT]: "no such file or directory",
  [ESRCH]: "no such process",
  [EINTR]: "interrupted system call",
  [EIO]: "input/output error",
  [ENXIO]: "no such device or address",
  [ENOEXEC]: "exec format error",
  [EAGAIN]: "resource temporarily unavailable",
  [ENOMEM]: "cannot allocate memory",
  [EACCES]: "permission denied",
  [EBUSY]: "device or resource busy",
  [EEXIST]: "file exists",
  [EXDEV]: "invalid cross-device link",
  [ENODEV]: "no such device",
  [ENOTDIR]: "not a directory",
  [EISDIR]: "is a directory",
  [EINVAL]: "invalid argument",
  [ENFILE]: "too many open files in system",
  [EMFILE]: "too many open files",
  [ETXTBSY]: "text file busy",
  [EFBIG]: "file too large",
  [ENOSPC]: "no space left on device",
  [EROFS]: "read-only file system",
  [EPIPE]: "broken pipe",
  [ERANGE]: "numerical result out of range",
  [ENAMETOOLONG]: "file name too long",
  [ENOSYS]: "function not implemented",
  [ENOTEMPTY]: "directory not empty",
  [ELOOP]: "too many levels of symbolic links",
  [EXFULL]: "exchange full",
  [ERESTART]: "interrupted system call should be restarted",
  [EMSGSIZE]: "message too long",
  [EPROTONOSUPPORT]: "protocol not supported",
  [EOPNOTSUPP]: "operation not supported",
  [EADDRNOTAVAIL]: "cannot assign requested address",
  [ENOBUFS]: "no buffer space available",
  [EAFNOSUPPORT]: "address family not supported by protocol",
  [ENETDOWN]: "network is down",
  [ENETUNREACH]: "network is unreachable",
  [EHOSTUNREACH]: "no route to host",
  [ECONNREFUSED]: "connection refused",
  [ECONNRESET]: "connection reset by peer",
  [ETIMEDOUT]: "connection timed out",
  [EDQUOT]: "disk quota exceeded",
};

/** The text of strerror(3), in lower case as the Go reference prints it; "errno N" for one not listed here. */
export function errnoText(errno: number): string {
  return TEXTS[errno] ?? `errno ${errno}`;
}

/** What went wrong, for a person: the message of any thrown value. */
export function messageOf(error: unknown): string {
  if (isOutOfMemory(error)) return "out of memory";
  return error instanceof Error ? error.message : String(error);
}
