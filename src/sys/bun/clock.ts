/** The kernel's clocks, sleeping, and waiting for file descriptors (sys/api.d.ts). */
import { call } from "./call.ts";
import { libc } from "./libc.ts";

const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;
const CLOCK_BOOTTIME = 7;

const timespec = new BigInt64Array(2);

function now(clock: number): [sec: number, nsec: number] {
  libc.clock_gettime(clock, timespec);
  return [Number(timespec[0]), Number(timespec[1])];
}

export function monotonic(): number {
  const [sec, nsec] = now(CLOCK_MONOTONIC);
  return sec * 1e3 + nsec / 1e6;
}

export function boottime(): number {
  const [sec, nsec] = now(CLOCK_BOOTTIME);
  return sec + nsec / 1e9;
}

export function realtime(): number {
  const [sec, nsec] = now(CLOCK_REALTIME);
  return sec * 1e3 + nsec / 1e6;
}

export function sleep(milliseconds: number): void {
  call("poll", () => libc.poll(new Uint8Array(0), 0, Math.ceil(milliseconds)));
}

export const POLLIN = 1;
export const POLLOUT = 4;

/** poll(2) until something happens or `deadline` (of `monotonic`) is reached: the ready events of each fd, 0 for none. */
export function poll(wanted: readonly [fd: number, events: number][], deadline?: number): number[] {
  const pollfds = new DataView(new ArrayBuffer(8 * wanted.length));
  for (const [i, [fd, events]] of wanted.entries()) {
    pollfds.setInt32(8 * i, fd, true);
    pollfds.setInt16(8 * i + 4, events, true);
  }
  const bytes = new Uint8Array(pollfds.buffer);
  call("poll", () => {
    const left = deadline === undefined ? -1 : Math.max(0, Math.ceil(deadline - monotonic()));
    return libc.poll(bytes, wanted.length, left);
  });
  return wanted.map((_, i) => pollfds.getInt16(8 * i + 6, true));
}
