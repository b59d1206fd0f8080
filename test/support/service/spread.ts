/** How even counts are: Pearson's chi-square. */
export interface Spread {
  readonly statistic: number;
  readonly freedom: number;
  /** How probable it is that even chances give one as great or greater. */
  readonly p: number;
}

/** `expected` has the same keys as `counts` may have, and no zeros. */
export function spreadOf(counts: ReadonlyMap<string, number>, expected: ReadonlyMap<string, number>): Spread {
  let statistic = 0;
  for (const [key, wanted] of expected) statistic += ((counts.get(key) ?? 0) - wanted) ** 2 / wanted;
  const freedom = Math.max(1, expected.size - 1);
  return { statistic, freedom, p: upperTail(statistic, freedom) };
}

/** By Wilson's and Hilferty's approximation, which is right to about 0.001 from three degrees of freedom on. */
function upperTail(statistic: number, freedom: number): number {
  const part = 2 / (9 * freedom);
  const z = ((statistic / freedom) ** (1 / 3) - (1 - part)) / Math.sqrt(part);
  return normalTail(z);
}

/** Abramowitz and Stegun 26.2.17: right to 10^-7. */
function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const sum = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429].reduceRight(
    (rest, c) => (rest + c) * t,
    0,
  );
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * sum;
}
