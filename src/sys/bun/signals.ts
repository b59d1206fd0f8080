/**
 * SIGTERM and SIGINT as a flag that the next call throws.
 *
 * Limit of this host: Bun runs a signal handler on its event loop, never inside synchronous code. So the flag is
 * raised only between turns of the loop; a loop of `sys` calls without an `await` does not notice a signal. (The
 * QuickJS host, which runs the plugins, does.) A second signal before the first was thrown ends the process.
 */
import { signalled } from "./errors.ts";

let pending: NodeJS.Signals | undefined;
let deferred = 0;

function arm(): void {
  process.once("SIGTERM", raise);
  process.once("SIGINT", raise);
}

function raise(signal: NodeJS.Signals): void {
  pending = signal;
  // From here on the default action holds, so that a program that makes no more calls can still be stopped.
  process.off("SIGTERM", raise);
  process.off("SIGINT", raise);
}

arm();

/** Leaves signals to the program, for a library that is imported by one of others: no call throws them from here on. */
export function leaveSignals(): void {
  process.off("SIGTERM", raise);
  process.off("SIGINT", raise);
}

/** Throws the pending signal, if there is one, once. */
export function throwPendingSignal(): void {
  if (pending === undefined || deferred > 0) return;
  const signal = pending;
  pending = undefined;
  arm();
  throw signalled(signal);
}

/** See sys/api.d.ts. */
export function deferSignals<T>(fn: () => T): T {
  deferred++;
  try {
    return fn();
  } finally {
    deferred--;
  }
}
