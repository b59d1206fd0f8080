/** Starting a child by posix_spawn(3), which reports the errno of a failing exec. */
import { ptr } from "bun:ffi";
import { sleep } from "./clock.ts";
import { cstr, sysError } from "./errors.ts";
import { libc } from "./libc.ts";
import { throwPendingSignal } from "./signals.ts";

const POSIX_SPAWN_SETSIGDEF = 4;
const POSIX_SPAWN_SETSIGMASK = 8;
const SIGPIPE = 13;
const ETXTBSY = 26;
const ETXTBSY_RETRIES = 5;
const ETXTBSY_PAUSE = 200; // ms

export interface Command {
  path: string;
  args: readonly string[];
  env: readonly [name: string, value: string][];
  /** The child's descriptors 0, 1 and 2. */
  stdio: readonly [number, number, number];
  /** Another that it keeps. */
  keep: number | undefined;
}

/** Starts it: the pid. @throws the errno of the failing exec */
export function spawn(command: Command): number {
  for (let left = ETXTBSY_RETRIES; ; left--) {
    throwPendingSignal();
    const result = trySpawn(command);
    if ("pid" in result) return result.pid;
    if (result.errno !== ETXTBSY || left === 0) throw sysError("run", result.errno, command.path);
    sleep(ETXTBSY_PAUSE);
  }
}

function trySpawn({ path, args, env, stdio, keep }: Command): { pid: number } | { errno: number } {
  const name = cstr(path, "run");
  const argv = pointers([path, ...args]);
  const envp = pointers(env.map(([key, value]) => `${key}=${value}`));
  const actions = new Uint8Array(256); // larger than glibc's posix_spawn_file_actions_t and posix_spawnattr_t
  const attributes = new Uint8Array(512);
  const pid = new Int32Array(1);
  libc.posix_spawn_file_actions_init(actions);
  libc.posix_spawnattr_init(attributes);
  try {
    for (const [target, fd] of stdio.entries()) libc.posix_spawn_file_actions_adddup2(actions, fd, target);
    // Onto itself: that takes close-on-exec away.
    if (keep !== undefined) libc.posix_spawn_file_actions_adddup2(actions, keep, keep);
    libc.posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    libc.posix_spawnattr_setsigdefault(attributes, signalSet(SIGPIPE));
    libc.posix_spawnattr_setsigmask(attributes, signalSet());
    const errno = libc.posix_spawn(pid, name, actions, attributes, argv.array, envp.array);
    return errno === 0 ? { pid: pid[0] ?? 0 } : { errno };
  } finally {
    libc.posix_spawn_file_actions_destroy(actions);
    libc.posix_spawnattr_destroy(attributes);
  }
}

/** `char *const []`; `strings` must stay referenced while `array` is used. */
function pointers(texts: readonly string[]): { array: BigUint64Array; strings: Uint8Array[] } {
  const strings = texts.map((text) => cstr(text, "run"));
  return { array: new BigUint64Array([...strings.map((s) => BigInt(ptr(s))), 0n]), strings };
}

/** `sigset_t`: bit n-1 is signal n. */
function signalSet(...signals: number[]): BigUint64Array {
  const set = new BigUint64Array(16);
  for (const signal of signals) set[0] = (set[0] ?? 0n) | (1n << BigInt(signal - 1));
  return set;
}
