/** Ranges in the order of their addresses: a network may have thousands, which are not to be compared each with each. */
import { compareIp, type Ip } from "../../base/ip.ts";

/** All addresses between two of one family, these included. */
interface Stretch {
  readonly start: Ip;
  readonly end: Ip;
}

type Sets = readonly (readonly Stretch[])[];

/** A stretch and the number of its set. */
interface Placed {
  readonly range: Stretch;
  readonly set: number;
}

/** What gives the number of the set that an address is in; undefined: in none. The sets do not overlap. */
export function finderOf(sets: Sets): (ip: Ip) => number | undefined {
  const all = sorted(sets);
  return (ip) => {
    const one = lastUpTo(all, ip);
    return one && compareIp(ip, one.range.end) <= 0 ? one.set : undefined;
  };
}

/** The first two sets, by their numbers, that have an address in common; in itself each set is without such. */
export function firstOverlap(sets: Sets): readonly [number, number] | undefined {
  const all = sorted(sets);
  let first = sets.length;
  let widest: Placed | undefined;
  for (const one of all) {
    if (widest && startsIn(one, widest)) first = Math.min(first, one.set, widest.set);
    if (!widest || compareIp(one.range.end, widest.range.end) > 0) widest = one;
  }
  if (first === sets.length) return undefined;
  const own = all.filter(({ set }) => set === first);
  let second = sets.length;
  for (const { range, set } of all) {
    const before = set === first ? undefined : lastUpTo(own, range.end);
    if (before && compareIp(before.range.end, range.start) >= 0) second = Math.min(second, set);
  }
  return [first, second];
}

function startsIn(one: Placed, other: Placed): boolean {
  return compareIp(one.range.start, other.range.end) <= 0;
}

function sorted(sets: Sets): Placed[] {
  const all = sets.flatMap((ranges, set) => ranges.map((range) => ({ range, set })));
  return all.sort((a, b) => compareIp(a.range.start, b.range.start));
}

/** The last that starts at `ip` or before. */
function lastUpTo(all: readonly Placed[], ip: Ip): Placed | undefined {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareIp((all[middle] as Placed).range.start, ip) <= 0) low = middle + 1;
    else high = middle;
  }
  return all[low - 1];
}
