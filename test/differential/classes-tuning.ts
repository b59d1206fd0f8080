/** Intended differences of tuning. */
import { hasPlugin } from "./case.ts";
import { differentEnd, endsWith, onlyBerth, onlyReference, says } from "./class-words.ts";
import type { DifferenceClass, Pair } from "./classes.ts";

const isTuning = ({ one }: Pair) => one.plugin === "tuning";
/** What it has made is there while others of its chain are called, too. */
const hasTuning = ({ one }: Pair) => hasPlugin(one, "tuning");

export const TUNING: readonly DifferenceClass[] = [
  {
    name: "tuning-directory",
    cosmetic: true,
    explains: ({ path, berth, reference }, pair) =>
      hasTuning(pair) &&
      path.join() === "files,tuning" &&
      (berth === undefined || /^40700 /.test(berth)) &&
      (reference === undefined || /^40600 /.test(reference)),
  },
  {
    name: "tuning-mac-as-value",
    cosmetic: true,
    explains: (d, pair) =>
      hasTuning(pair) &&
      pair.step.verb === "ADD" &&
      d.path[1] === "result" &&
      endsWith(d, "mac") &&
      // As no interface's is written.
      d.reference === "nobody's",
  },
  differentEnd(
    "tuning-mac-as-value",
    "CHECK",
    (pair) => isTuning(pair) && onlyBerth(pair) && says(pair.reference, /configured Ethernet of/),
  ),
  differentEnd(
    "tuning-sysctl-by-words",
    "CHECK",
    (pair) =>
      isTuning(pair) && onlyBerth(pair) && says(pair.reference, /configured value of .* current value is .*\t/s),
  ),
  differentEnd(
    "tuning-promisc-as-set",
    "CHECK",
    (pair) => isTuning(pair) && onlyBerth(pair) && says(pair.reference, /configured promisc is false/),
  ),
  differentEnd(
    "tuning-args-alone",
    undefined,
    (pair) =>
      isTuning(pair) &&
      pair.reference.answer.status === 2 &&
      pair.conf.args?.cni?.sysctl !== undefined &&
      pair.conf.sysctl === undefined,
  ),
  differentEnd(
    "tuning-checks-all",
    undefined,
    (pair) => isTuning(pair) && onlyReference(pair) && /^[467]$/.test(String(pair.berth.answer.code)),
  ),
  differentEnd("del-needs-no-valid-configuration", "DEL", (pair) => isTuning(pair) && onlyBerth(pair)),
  {
    name: "tuning-state-goes",
    cosmetic: false,
    explains: (d, pair) =>
      isTuning(pair) &&
      pair.step.verb === "DEL" &&
      /^files,tuning\/.*json$/.test(d.path.join()) &&
      d.berth === undefined,
  },
];
