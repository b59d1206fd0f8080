/** Whether the time of something grows with the size of its input, and not with the square of it. */

/** What is faster than this is not told from noise. */
const FLOOR_MS = 4;

/** How many times as long `work` takes with four times `size`, from the best of three: about 4 if it is linear, 16 if it is quadratic. */
export function growth(size: number, work: (size: number) => void): number {
  return fastest(() => work(4 * size)) / fastest(() => work(size));
}

/** What `growth` stays below, unless it is quadratic. */
export const LINEAR = 9;

function fastest(work: () => void): number {
  const times = [1, 2, 3].map(() => {
    const start = performance.now();
    work();
    return performance.now() - start;
  });
  return Math.max(FLOOR_MS, Math.min(...times));
}
