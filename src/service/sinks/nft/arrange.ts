/**
 * An order of `wanted` that differs from `before` as little as places allow: what stays keeps its place while that is below the new
 * length, what has a place beyond takes one that became free, then comes what is new. So one that goes costs one other's move.
 */
export function arrange(before: readonly string[], wanted: readonly string[]): readonly string[] {
  if (before.length === 0 || isSame(before, wanted)) return wanted;
  const left = new Set(wanted);
  const kept = wanted.map((_, i) => {
    const one = before[i];
    return one !== undefined && left.delete(one) ? one : undefined;
  });
  const moved = before.slice(wanted.length).filter((one) => left.delete(one));
  const rest = [...moved, ...left];
  let next = 0;
  return kept.map((one) => one ?? (rest[next++] as string));
}

function isSame(before: readonly string[], wanted: readonly string[]): boolean {
  return before.length === wanted.length && wanted.every((one, i) => before[i] === one);
}
