/** Network namespaces (sys/api.d.ts). */
import { ENODEV, ENXIO, isErrno } from "../../base/errno.ts";
import { CLONE_NEWNET, O } from "../flags.ts";
import { call } from "./call.ts";
import { cstr } from "./errors.ts";
import { close, open, write } from "./files.ts";
import { libc } from "./libc.ts";
import { exit } from "./process.ts";
import { deferSignals } from "./signals.ts";

const SOL_SOCKET = 1;
const SO_NETNS_COOKIE = 71;
const ENOPROTOOPT = 92;
const NS_GET_NSTYPE = 0xb703;

/** Moves the thread that runs JavaScript, and no other of Bun's; so `fn` must not await, and timers run outside. */
export function inNetns<T>(fd: number, fn: () => T): T {
  const home = open("/proc/thread-self/ns/net", O.RDONLY);
  try {
    call("setns", () => libc.setns(fd, CLONE_NEWNET));
    try {
      return fn();
    } finally {
      if (libc.setns(home, CLONE_NEWNET) !== 0) strand();
    }
  } finally {
    close(home);
  }
}

/** A thread left in a foreign namespace would change that one from here on. */
function strand(): never {
  deferSignals(() => write(2, "cannot return to the network namespace this process came from: ending\n"));
  return exit(1);
}

export function namespaceType(fd: number): number | undefined {
  const type = libc.ioctl(fd, NS_GET_NSTYPE, 0);
  return type < 0 ? undefined : type;
}

/** By if_indextoname(3), which makes this ioctl on a socket of its own. */
export function hasIfindex(index: number): boolean {
  try {
    call("if_indextoname", () => (libc.if_indextoname(index, new Uint8Array(16)) ? 0 : -1));
    return true;
  } catch (e) {
    if (isErrno(e, ENXIO, ENODEV)) return false;
    throw e;
  }
}

export function netnsCookie(socket: number): string | undefined {
  const cookie = new BigUint64Array(1);
  const length = new Uint32Array([8]);
  try {
    call("getsockopt", () => libc.getsockopt(socket, SOL_SOCKET, SO_NETNS_COOKIE, cookie, length));
  } catch (e) {
    if (isErrno(e, ENOPROTOOPT)) return undefined;
    throw e;
  }
  return String(cookie[0]);
}

/** Of the thread that runs JavaScript alone. */
export function unshare(flags: number): void {
  call("unshare", () => libc.unshare(flags));
}

export function mount(source: string, target: string, type: string, flags: number): void {
  const [from, to, kind] = [cstr(source, "mount"), cstr(target, "mount"), cstr(type, "mount")];
  call("mount", () => libc.mount(from, to, kind, flags, null), target);
}
