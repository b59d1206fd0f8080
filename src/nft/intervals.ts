import { compareIp, formatPrefix, lastOf, networkOf, nextIp, type Prefix } from "../base/ip.ts";
import type { KeyType, LiteralKey } from "./objects.ts";
import { keyText } from "./text.ts";

/** Values from one to another, both included, as the bytes of a key. Of a single value both are the same. */
export interface Interval {
  readonly from: Uint8Array;
  readonly to: Uint8Array;
}

/** The values that begin with so many bits: addresses of a network, names with one beginning. */
export function beginningWith(prefix: Prefix): Interval {
  return { from: networkOf(prefix), to: lastOf(prefix) };
}

/** By how many bits that begin them the values are known; undefined where it takes more to tell them. */
export function bitsOf({ from, to }: Interval): number | undefined {
  const at = from.findIndex((byte, i) => byte !== to[i]);
  if (at < 0) return 8 * from.length;
  const bits = 8 * at + Math.clz32((from[at] ?? 0) ^ (to[at] ?? 0)) - 24;
  const { from: first, to: last } = beginningWith({ ip: from, length: bits });
  return compareIp(first, from) === 0 && compareIp(last, to) === 0 ? bits : undefined;
}

/** In their order, and what overlaps in one. Like nft: also what lies side by side, unless all are names or single values. */
export function sorted(type: KeyType, intervals: readonly Interval[]): Interval[] {
  const joins = type !== "ifname" && !intervals.every(isSingle);
  const found: Interval[] = [];
  for (const next of [...intervals].sort((a, b) => compareIp(a.from, b.from))) {
    const last = found.at(-1);
    const isApart = !last || compareIp(last.to, next.from) < 0;
    const isNext = joins && last && compareIp(nextIp(last.to), next.from) === 0;
    if (isApart && !isNext) found.push(next);
    else if (last && compareIp(last.to, next.to) < 0) found[found.length - 1] = { from: last.from, to: next.to };
  }
  return found;
}

/** Whether it is one value. */
export function isSingle({ from, to }: Interval): boolean {
  return compareIp(from, to) === 0;
}

/** What a literal of intervals that `sorted` returned has for keys. Like nft: what is before the first is closed too. */
export function intervalKeys(intervals: readonly Interval[]): LiteralKey[] {
  const keys = intervals.flatMap(({ from, to }): LiteralKey[] => {
    const end = nextIp(to);
    return isZero(end) ? [{ key: from }] : [{ key: from }, { key: end, isEnd: true }];
  });
  const [first] = keys;
  if (!first || isZero(first.key)) return keys;
  return [{ key: new Uint8Array(first.key.length), isEnd: true }, ...keys];
}

function isZero(key: Uint8Array): boolean {
  return key.every((byte) => byte === 0);
}

/** As nft takes and prints it: `10.0.0.0/8`, `80-90`, `"eth*"`. */
export function intervalText(type: KeyType, interval: Interval): string {
  const { from, to } = interval;
  if (isSingle(interval)) return keyText(type, from);
  const bits = type === "inet_service" ? undefined : bitsOf(interval);
  if (bits === undefined) return `${keyText(type, from)}-${keyText(type, to)}`;
  if (type !== "ifname") return formatPrefix({ ip: from, length: bits });
  return keyText(type, from).replace(/"$/, '*"');
}
