import { equalIp, type Ip, nextIp } from "../../base/ip.ts";
import { type Range, type RangeSet, rangeContains } from "./ranges.ts";

/** An address to try, and the range that it is from. */
export interface Candidate {
  readonly ip: Ip;
  readonly range: Range;
}

/** Yields the addresses of a set one by one. */
export interface Cursor {
  /** The next address to try; undefined when every address has been given once. */
  next(): Candidate | undefined;
}

/**
 * Round robin over the set as the reference walks it: from the successor of `last` to `last` itself, or from the start of
 * the first range when `last` is absent or in no range. The gateway of the range at hand is left out.
 */
export function cursorOver(set: RangeSet, last: Ip | undefined): Cursor {
  let index = last ? set.findIndex((range) => rangeContains(range, last)) : -1;
  let at: Ip | undefined = index < 0 ? undefined : last;
  let first: Ip | undefined;
  index = Math.max(index, 0);

  function step(): Ip {
    const range = set[index] as Range;
    if (at && !equalIp(at, range.end)) return nextIp(at);
    if (at) index = (index + 1) % set.length;
    return (set[index] as Range).start;
  }

  return {
    next() {
      for (;;) {
        at = step();
        if (first && equalIp(at, first)) return undefined;
        first ??= at;
        const range = set[index] as Range;
        if (!equalIp(at, range.gateway)) return { ip: at, range };
      }
    },
  };
}
