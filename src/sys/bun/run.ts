/** Running a program and waiting for it (sys/api.d.ts). */
import type { RunOptions, RunResult } from "berth:sys";
import { EAGAIN, EPIPE, ETIMEDOUT, isErrno } from "../../base/errno.ts";
import { O } from "../flags.ts";
import { call } from "./call.ts";
import { monotonic, POLLIN, POLLOUT, poll } from "./clock.ts";
import { sysError } from "./errors.ts";
import { close, decodeText, O_CLOEXEC, read } from "./files.ts";
import { libc } from "./libc.ts";
import { deferSignals } from "./signals.ts";
import { spawn } from "./spawn.ts";

const F_SETFL = 4;
const SIGKILL = 9;
const SYS_PIDFD_OPEN = 434;
const CHUNK = 1 << 16;

export function run(path: string, options: RunOptions): RunResult {
  const { args = [], env, stdin = "", timeout, keep } = options;
  const deadline = timeout === undefined ? undefined : monotonic() + timeout;
  const opened: number[] = [];
  try {
    const [inner0, outer0] = pipe(opened, 1);
    const [outer1, inner1] = pipe(opened, 0);
    const [outer2, inner2] = pipe(opened, 0);
    const pid = spawn({ path, args, env, stdio: [inner0, inner1, inner2], keep });
    for (const fd of [inner0, inner1, inner2]) closeIn(opened, fd);
    const input = typeof stdin === "string" ? Buffer.from(stdin) : stdin;
    try {
      return converse(pid, { opened, input, stdin: outer0, stdout: outer1, stderr: outer2 }, deadline, path);
    } catch (e) {
      libc.kill(pid, SIGKILL);
      deferSignals(() => wait(pid));
      throw e;
    }
  } finally {
    for (const fd of opened) close(fd);
  }
}

interface Talk {
  /** What is to be closed in the end. */
  opened: number[];
  input: Uint8Array;
  stdin: number;
  stdout: number;
  stderr: number;
}

/**
 * Feeds and reads the child until it ends. What it had written by then is read; a grandchild that keeps the pipes
 * open is not waited for.
 */
function converse(pid: number, talk: Talk, deadline: number | undefined, path: string): RunResult {
  const { opened, stdin, stdout, stderr } = talk;
  const pidfd = call("pidfd_open", () => libc.syscall(SYS_PIDFD_OPEN, pid, 0));
  opened.push(pidfd);
  const chunks = new Map<number, Uint8Array[]>([
    [stdout, []],
    [stderr, []],
  ]);
  let input = feed(stdin, talk.input);
  for (;;) {
    if (input.length === 0) closeIn(opened, stdin);
    const watched = [pidfd, stdin, stdout, stderr].filter((fd) => opened.includes(fd));
    const ready = poll(
      watched.map((fd) => [fd, fd === stdin ? POLLOUT : POLLIN]),
      deadline,
    );
    const due = new Set(watched.filter((_, i) => ready[i]));
    if (due.size === 0) throw sysError("run", ETIMEDOUT, path);
    if (due.has(stdin)) input = feed(stdin, input);
    for (const [fd, out] of chunks) if (due.has(fd) && drain(fd, out)) closeIn(opened, fd);
    if (!due.has(pidfd)) continue;
    for (const [fd, out] of chunks) if (opened.includes(fd)) drain(fd, out);
    const text = (fd: number) => decodeText(chunks.get(fd) ?? []);
    return { ...wait(pid), stdout: text(stdout), stderr: text(stderr) };
  }
}

/** Writes what the pipe takes now: the rest. A child that closed its stdin wants no more, which is no error. */
function feed(fd: number, input: Uint8Array): Uint8Array {
  let rest = input;
  try {
    while (rest.length > 0) {
      const now = rest;
      rest = now.subarray(call("write", () => libc.write(fd, now, now.length)));
    }
  } catch (e) {
    if (isErrno(e, EPIPE)) return input.subarray(input.length);
    if (!isErrno(e, EAGAIN)) throw e;
  }
  return rest;
}

/** Reads what is there now; true at the end of the stream. */
function drain(fd: number, chunks: Uint8Array[]): boolean {
  try {
    for (;;) {
      const bytes = read(fd, CHUNK);
      if (bytes.length === 0) return true;
      chunks.push(bytes);
    }
  } catch (e) {
    if (isErrno(e, EAGAIN)) return false;
    throw e;
  }
}

/** A pipe whose `ours` end (0 reads, 1 writes) does not block; both are noted in `opened`. */
function pipe(opened: number[], ours: 0 | 1): [reader: number, writer: number] {
  const fds = new Int32Array(2);
  call("pipe2", () => libc.pipe2(fds, O_CLOEXEC));
  const [reader = -1, writer = -1] = fds;
  opened.push(reader, writer);
  call("fcntl", () => libc.fcntl(ours === 0 ? reader : writer, F_SETFL, O.NONBLOCK));
  return [reader, writer];
}

function closeIn(opened: number[], fd: number): void {
  const at = opened.indexOf(fd);
  if (at < 0) return;
  opened.splice(at, 1);
  close(fd);
}

/** waitpid(2) and what its status says. */
function wait(pid: number): Pick<RunResult, "status" | "signal"> {
  const word = new Int32Array(1);
  call("waitpid", () => libc.waitpid(pid, word, 0));
  const [status = 0] = word;
  const signal = status & 0x7f;
  return signal === 0 ? { status: (status >> 8) & 0xff, signal: undefined } : { status: undefined, signal };
}
