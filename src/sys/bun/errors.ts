/** The two kinds of error that this host throws (sys/api.d.ts), and strings as the C library wants them. */
import { constants } from "node:os";
import { EINVAL, errnoText, type SysError } from "../../base/errno.ts";

const ALIASES = new Set(["EWOULDBLOCK", "ENOTSUP"]); // of EAGAIN and EOPNOTSUPP

const CODES = new Map(
  Object.entries(constants.errno).flatMap(([code, errno]) => (ALIASES.has(code) ? [] : [[errno, code]])),
);

/** What a failed system call throws: `open /run/x: ENOENT (no such file or directory)`, as the Rust host words it. */
export function sysError(syscall: string, errno: number, path?: string): SysError {
  const subject = path === undefined ? syscall : `${syscall} ${path}`;
  const code = CODES.get(errno) ?? `E${errno}`;
  const error = new Error(`${subject}: ${code} (${errnoText(errno)})`);
  return Object.assign(error, path === undefined ? { syscall, errno, code } : { syscall, errno, code, path });
}

/** What the next call throws after a SIGTERM or SIGINT (`isSignal` in base/errno.ts). */
export function signalled(signal: string): Error & { signal: string } {
  return Object.assign(new Error(`interrupted by ${signal}`), { signal });
}

/** `text` as a C string. @throws EINVAL in the name of `syscall` if it contains a NUL byte. */
export function cstr(text: string, syscall: string): Uint8Array {
  if (text.includes("\0")) throw sysError(syscall, EINVAL, text);
  return Buffer.from(`${text}\0`);
}
