import type { Tbf } from "../../rtnl/qdisc.ts";

/** What is allowed in one direction. */
export interface Limit {
  /** Bits a second. */
  readonly rate: number;
  /** Bits that may be sent at once after silence. */
  readonly burst: number;
}

/** How long a packet waits at most, the bucket aside. */
const LATENCY_S = 0.025;
/** The kernel's unit of a bucket's time (linux/pkt_sched.h: PSCHED_SHIFT), to a microsecond. */
const TICKS = 1000 / 64;

/**
 * The bucket of a limit: in the reference's numbers, of which each is a whole microsecond, and 32 bits, of which the lower
 * count. A rate of less than 8 bits a second has none.
 */
export function bucketOf({ rate, burst }: Limit): Tbf {
  const [bytes, size] = [Math.floor(rate / 8), Math.floor(burst / 8)];
  const time = word((size * 1e6) / bytes);
  return { rate: bytes, limit: word(word(bytes * LATENCY_S) + size), buffer: word(time * TICKS) };
}

/** The lower 32 bits of the whole part. */
function word(value: number): number {
  return Math.floor(value) % 2 ** 32;
}
