/** Errors from the kernel at every file and network call of a plugin, and what a failed call leaves. */
import { type Campaign, campaign, type Disturbed, falseSuccess } from "./campaign.ts";
import type { SystemCall } from "./system-calls.ts";
import type { Tally } from "./tally.ts";

export interface Failing extends Campaign {
  readonly verb: "ADD" | "DEL";
  readonly errno: "EIO" | "ENOSPC" | "ENOMEM" | "EINTR";
}

/** Calls on files and sockets; what a start-up does with memory, threads and signals is neither. */
const FILE_OR_NETWORK =
  /^(open|openat|close|read|write|p?read64|p?write64|readv|writev|(new)?f?statx?|newfstatat|lstat|readlink(at)?|f?statfs|fcntl|flock|linkat|link|unlink(at)?|rename(at2?)?|mkdir(at)?|f?truncate|utimensat|f?chmod|fsetxattr|fgetxattr|getdents64|lseek|socket|bind|connect|setsockopt|getsockopt|getsockname|sendto|recvfrom|sendmsg|recvmsg|ioctl|setns|faccessat2?|access|poll|ppoll|pipe2|dup[23]?)$/;

/** Injects `errno` at each of those calls in turn, once per call of the plugin. */
export function fail(options: Failing): Tally {
  return campaign(options, `error=${options.errno}`, afterStart, (disturbed) => judge(options.verb, disturbed));
}

/** From the one that reads stdin on: before, the runtime starts, and cannot know yet what is wanted of it. */
function afterStart(calls: readonly SystemCall[]): SystemCall[] {
  const start = calls.find(({ line }) => line.startsWith("read(0"))?.at ?? 0;
  return calls.filter(({ name, at }) => at >= start && FILE_OR_NETWORK.test(name));
}

function judge(verb: "ADD" | "DEL", disturbed: Disturbed): string[] {
  const { reply, met, bench } = disturbed;
  const { status, signal, json, stdout } = reply;
  const wrong: string[] = [];
  if (signal !== undefined || status < 0 || status > 1) wrong.push(`ended with ${signal ?? status}`);
  // When the answer itself cannot be written, nobody can be told.
  const mute = met.startsWith("write(1,");
  if (status !== 0 && !mute && typeof json?.code !== "number") wrong.push(`no CNI error: ${stdout.slice(0, 200)}`);
  if (verb === "ADD" && status === 0) return [...wrong, ...falseSuccess(disturbed)];
  const clean = verb === "ADD" || status === 0;
  return clean ? [...wrong, ...bench.remains().map((line) => `right after: ${line}`)] : wrong;
}
