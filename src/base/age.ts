const UNITS: readonly [letter: string, seconds: number][] = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
];

/** How long ago, as kubectl says it: "5s", "3m", "26h", "12d". Less than two of a unit is told in the smaller one. */
export function ageText(seconds: number): string {
  const unit = UNITS.find(([, length]) => seconds >= 2 * length);
  return unit ? `${Math.floor(seconds / unit[1])}${unit[0]}` : `${Math.max(0, Math.floor(seconds))}s`;
}
