/** The system calls of a program, and making one of them go wrong, by strace(1). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { attempt } from "../support/command.ts";
import type { Need } from "../support/needs.ts";

/** strace that can trace here, quickly where seccomp lets it. */
export const strace: Need = {
  what: "root and strace",
  met: () =>
    attempt(undefined, "strace", "-f", "--seccomp-bpf", "-e", "trace=openat", "-o", "/dev/null", "true").status === 0,
};

export interface SystemCall {
  readonly name: string;
  /** It is the nth call of this name in its thread: what strace counts, by name. */
  readonly nth: number;
  /** As strace prints it, of the first thread that made it. */
  readonly line: string;
  /** Its place in the whole trace, from 0. */
  readonly at: number;
}

export const straceAll = (log: string): string[] => ["strace", "-f", "-qq", "-o", log];

/**
 * Makes `what` (`signal=KILL`, `error=EIO`) happen at one system call, and traces only those of its name. `lasting`: also
 * at all later ones of that name.
 */
export function straceInjecting(log: string, { name, nth }: SystemCall, what: string, lasting = false): string[] {
  const inject = `inject=${name}:${what}:when=${nth}${lasting ? "+" : ""}`;
  // Quicker, as only that call stops the program; but strace 6.1 injects no signals then.
  const filter = what.startsWith("error=") ? ["--seccomp-bpf"] : [];
  return ["strace", "-f", ...filter, "-qq", "-o", log, "-e", `trace=${name}`, "-e", inject];
}

/**
 * The calls in a log of `straceAll` after execve, each (name, n) once: threads are counted apart, as strace does.
 * Processes of `iptables` and the like are left out, which a plugin only starts.
 */
export function systemCalls(log: string): SystemCall[] {
  const foreign = new Set<string>();
  const counts = new Map<string, number>();
  const calls = new Map<string, SystemCall>();
  const lines = readFileSync(log, "utf8").trimEnd().split("\n");
  lines.forEach((text, at) => {
    const [, pid = "", name = "", rest = ""] = /^(\d+)\s+(\w+)\((.*)$/.exec(text) ?? [];
    if (name === "execve" && /tables/.test(rest)) foreign.add(pid);
    if (name === "") return;
    const nth = (counts.get(`${pid} ${name}`) ?? 0) + 1;
    counts.set(`${pid} ${name}`, nth);
    const key = `${name} ${nth}`;
    if (name !== "execve" && !foreign.has(pid) && !calls.has(key))
      calls.set(key, { name, nth, line: `${name}(${rest}`, at });
  });
  return [...calls.values()];
}

/** What the log of `straceInjecting` says of what was injected: the system calls or the signal; empty when nothing was. */
export function injected(log: string): string[] {
  const lines = readFileSync(log, "utf8").matchAll(/^\d+\s+(.*\(INJECTED\)|\+\+\+ killed.*|--- SIG(?:TERM|INT) .*)/gm);
  return [...lines].map(([, what = ""]) => what);
}

export const logIn = (dir: string): string => join(dir, "strace");
