/** Whether the time of something grows with the size of its input, and not with the square of it. */

/** What is faster than this is not told from noise. */
const FLOOR_MS = 5;

/**
 * How many times as long `work` takes with four times `size`, from the best of five: about 4 if it is linear, 16 if it is
 * quadratic. Processor time counts, as others use the machine, too.
 */
export function growth(size: number, work: (size: number) => void): number {
  return fastest(() => work(4 * size)) / fastest(() => work(size));
}

/** What `growth` stays below, unless it is quadratic. */
export const LINEAR = 10;

function fastest(work: () => void): number {
  const times = [1, 2, 3, 4, 5].map(() => {
    const start = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  });
  return Math.max(FLOOR_MS, Math.min(...times));
}
