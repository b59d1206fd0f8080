/** Failed system calls and ended processes in Go's words. Hosts name the errno by number (#sys) or, as Node, by `code`. */
import { EISDIR, ENOENT, errnoOf, errnoText, messageOf } from "../base/errno.ts";

/** Whether an error says that there is no such file. */
export function isAbsent(error: unknown): boolean {
  return numberOf(error) === ENOENT;
}

/** "open /x: no such file or directory"; `syscall` is what Go would have tried. What is no failed call gives its message. */
export function failedCall(syscall: string, path: string, error: unknown): string {
  const errno = numberOf(error);
  if (errno === undefined) return messageOf(error);
  return `${errno === EISDIR ? "read" : syscall} ${path}: ${errnoText(errno)}`;
}

/** Node's errno is negative. */
function numberOf(error: unknown): number | undefined {
  const errno = errnoOf(error);
  return errno === undefined ? undefined : Math.abs(errno);
}

/** What ended a process: its status, else the signal, by number or by name ("SIGKILL"). */
export interface Ended {
  readonly status?: number | undefined | null;
  readonly signal?: number | string | undefined | null;
}

/** How a process ended, as Go says it; undefined for status 0. */
export function endingOf({ status, signal }: Ended): string | undefined {
  if (status === 0) return undefined;
  if (typeof status === "number") return `exit status ${status}`;
  const [, , text] = SIGNALS.find(([number, name]) => number === signal || name === signal) ?? [];
  return `signal: ${text ?? signal}`;
}

/** That a process could not be started. */
export function notStarted(path: string, error: unknown): string {
  const errno = numberOf(error);
  return `fork/exec ${path}: ${errno === undefined ? messageOf(error) : errnoText(errno)}`;
}

/** Number, name, and Go's text of the signals that end processes. */
const SIGNALS: readonly (readonly [number, string, string])[] = [
  [1, "SIGHUP", "hangup"],
  [2, "SIGINT", "interrupt"],
  [3, "SIGQUIT", "quit"],
  [4, "SIGILL", "illegal instruction"],
  [5, "SIGTRAP", "trace/breakpoint trap"],
  [6, "SIGABRT", "aborted"],
  [7, "SIGBUS", "bus error"],
  [8, "SIGFPE", "floating point exception"],
  [9, "SIGKILL", "killed"],
  [10, "SIGUSR1", "user defined signal 1"],
  [11, "SIGSEGV", "segmentation fault"],
  [12, "SIGUSR2", "user defined signal 2"],
  [13, "SIGPIPE", "broken pipe"],
  [14, "SIGALRM", "alarm clock"],
  [15, "SIGTERM", "terminated"],
  [24, "SIGXCPU", "CPU time limit exceeded"],
  [25, "SIGXFSZ", "file size limit exceeded"],
  [31, "SIGSYS", "bad system call"],
];
