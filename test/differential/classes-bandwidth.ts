/** Intended differences of bandwidth. */
import type { Json } from "../support/command.ts";
import { differentEnd, onlyReference, says } from "./class-words.ts";
import type { DifferenceClass } from "./classes.ts";

export const BANDWIDTH: readonly DifferenceClass[] = [
  differentEnd(
    "bandwidth-checks-all",
    "CHECK",
    (pair) =>
      pair.one.plugin === "bandwidth" &&
      onlyReference(pair) &&
      says(pair.berth, /^(shaping is broken: |invalid .*(Rate|Burst) \d)/),
  ),
  differentEnd(
    "bandwidth-alone",
    "ADD",
    (pair) => pair.one.plugin === "bandwidth" && pair.reference.answer.status === 2 && says(pair.berth, /as chained/),
  ),
  differentEnd("null-is-absent", undefined, ({ one, conf }) => one.plugin === "bandwidth" && isNullAlone(conf)),
];

const LIMIT = /^(in|e)gress(Rate|Burst)$/i;

/** Whether there are limits of the runtime's, and of the configuration's own only null, which the reference takes for a 0. */
function isNullAlone(conf: Json): boolean {
  const own = Object.entries(conf).filter(([name]) => LIMIT.test(name));
  return own.length > 0 && own.every(([, value]) => value === null) && Boolean(conf.runtimeConfig?.bandwidth);
}
