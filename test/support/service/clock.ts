/** Milliseconds since the epoch, finer than Date's, the same in all processes of the machine. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
