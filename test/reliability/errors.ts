/** Errors from the kernel at every file and network call of a plugin, and what a failed call leaves. */
import { type Bench, type BenchOptions, openBench } from "./bench.ts";
import { afterwards, callsOf } from "./kills.ts";
import { logIn, type SystemCall, straceInjecting, wasReached } from "./system-calls.ts";
import { newTally, note, sample, type Tally } from "./tally.ts";

export interface Failing extends BenchOptions {
  readonly verb: "ADD" | "DEL";
  readonly errno: "EIO" | "ENOSPC" | "ENOMEM" | "EINTR";
  readonly step: number;
}

/** Calls on files and sockets; what a start-up does with memory, threads and signals is neither. */
const FILE_OR_NETWORK =
  /^(open|openat|close|read|write|p?read64|p?write64|readv|writev|(new)?f?statx?|newfstatat|lstat|readlink(at)?|f?statfs|fcntl|flock|linkat|link|unlink(at)?|rename(at2?)?|mkdir(at)?|f?truncate|utimensat|f?chmod|fsetxattr|fgetxattr|getdents64|lseek|socket|bind|connect|setsockopt|getsockopt|getsockname|sendto|recvfrom|sendmsg|recvmsg|ioctl|setns|faccessat2?|access|poll|ppoll|pipe2|dup[23]?)$/;

/** Injects `errno` at each of those calls in turn, once per call of the plugin. */
export function fail(options: Failing): Tally {
  const { verb, errno, step } = options;
  const tally = newTally();
  let bench = openBench(options);
  try {
    for (const at of sample(candidates(callsOf(bench, verb)), step)) {
      const wrong = trial(bench, options, at, `e${at.at}`);
      if (wrong === "missed") tally.missed++;
      else note(tally, `${verb} ${errno} at ${at.name}#${at.nth} ${at.line.slice(0, 100)}`, wrong);
      if (wrong === "missed" || wrong.length > 0) {
        bench[Symbol.dispose]();
        bench = openBench(options);
      }
    }
    return tally;
  } finally {
    bench[Symbol.dispose]();
  }
}

/** From the one that reads stdin on: before, the runtime starts, and cannot know yet what is wanted of it. */
function candidates(calls: readonly SystemCall[]): SystemCall[] {
  const start = calls.find(({ line }) => line.startsWith("read(0"))?.at ?? 0;
  return calls.filter(({ name, at }) => at >= start && FILE_OR_NETWORK.test(name));
}

function trial(bench: Bench, { verb, errno }: Failing, at: SystemCall, id: string): string[] | "missed" {
  const log = logIn(bench.lab.dir);
  if (verb === "DEL" && bench.call("ADD", id).status !== 0) return ["the ADD before failed"];
  const { status, signal, json, stdout } = bench.call(verb, id, { by: straceInjecting(log, at, `error=${errno}`) });
  if (!wasReached(log)) return "missed";
  const wrong: string[] = [];
  if (signal !== undefined || status < 0 || status > 1) wrong.push(`ended with ${signal ?? status}`);
  // When the answer itself cannot be written, nobody can be told.
  const mute = at.line.startsWith("write(1,");
  if (status !== 0 && !mute && typeof json?.code !== "number") wrong.push(`no CNI error: ${stdout.slice(0, 200)}`);
  if (verb === "ADD" && status === 0 && !Array.isArray(json?.ips)) wrong.push(`no result: ${stdout.slice(0, 200)}`);
  const left = verb === "ADD" && status === 0 ? [] : verb === "ADD" || status === 0 ? bench.remains() : [];
  wrong.push(...left.map((line) => `right after: ${line}`));
  return [...wrong, ...afterwards(bench, id)];
}
