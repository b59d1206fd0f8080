/** Errors from the kernel at every file and network call of a plugin, and what a failed call leaves. */
import { type Campaign, campaign, type Disturbed, falseSuccess } from "./campaign.ts";
import type { SystemCall } from "./system-calls.ts";
import type { Tally } from "./tally.ts";

export interface Failing extends Campaign {
  readonly verb: "ADD" | "DEL";
  readonly errno: "EIO" | "ENOSPC" | "ENOMEM" | "EINTR" | "EDQUOT" | "ENOBUFS" | "EBUSY";
}

/** Calls on files and sockets; what a start-up does with memory, threads and signals is neither. */
const FILE_OR_NETWORK =
  /^(open|openat|close|read|write|p?read64|p?write64|readv|writev|(new)?f?statx?|newfstatat|lstat|readlink(at)?|f?statfs|fcntl|flock|linkat|link|unlink(at)?|rename(at2?)?|mkdir(at)?|f?truncate|utimensat|f?chmod|fsetxattr|fgetxattr|getdents64|lseek|socket|bind|connect|setsockopt|getsockopt|getsockname|sendto|recvfrom|sendmsg|recvmsg|ioctl|setns|faccessat2?|access|poll|ppoll|pipe2|dup[23]?)$/;

/**
 * Injects `errno` at each of those calls in turn, in a call of the plugin of its own. Where it lasts, close(2) is spared:
 * strace makes it close nothing, but a kernel always closes, and who then waits for the end of a pipe waits for ever.
 */
export function fail(options: Failing): Tally {
  const wanted = (calls: SystemCall[]) => afterStart(calls).filter(({ name }) => !options.lasting || name !== "close");
  return campaign(options, `error=${options.errno}`, wanted, (disturbed) => judge(options, disturbed));
}

/** From the one that reads stdin on: before, the runtime starts, and cannot know yet what is wanted of it. */
export function afterStart(calls: readonly SystemCall[]): SystemCall[] {
  const start = calls.find(({ line }) => line.startsWith("read(0"))?.at ?? 0;
  return calls.filter(({ name, at }) => at >= start && FILE_OR_NETWORK.test(name));
}

function judge({ verb, lasting }: Failing, disturbed: Disturbed): string[] {
  const { reply, met, bench } = disturbed;
  const { status, signal, json, stdout } = reply;
  const wrong: string[] = [];
  if (signal !== undefined || status < 0 || status > 1) wrong.push(`ended with ${signal ?? status}`);
  // When the answer itself cannot be written, nobody can be told.
  const mute = met.some((line) => /^writev?\(1,/.test(line));
  if (status !== 0 && !mute && typeof json?.code !== "number") wrong.push(`no CNI error: ${stdout.slice(0, 200)}`);
  if (verb === "ADD" && status === 0) return [...wrong, ...falseSuccess(disturbed)];
  // What lasts hits the undo of an ADD as well.
  const clean = verb === "ADD" ? !lasting : status === 0;
  return clean ? [...wrong, ...bench.remains().map((line) => `right after: ${line}`)] : wrong;
}
