/** A part of the kills and injected errors of tuning, another one every time. */
import { expect } from "bun:test";
import { BIN, built, linkKind, namespaces, needs } from "../support/needs.ts";
import { strace } from "./system-calls.ts";
import { type Troubling, troubleTuning } from "./tuning.ts";

const CASES: readonly Omit<Troubling, "bin">[] = [
  { verb: "ADD", trouble: "signal=KILL", step: 5 },
  { verb: "ADD", trouble: "signal=TERM", step: 5 },
  { verb: "ADD", trouble: "error=EIO", step: 3 },
  { verb: "ADD", trouble: "error=ENOMEM", step: 3 },
  { verb: "DEL", trouble: "signal=KILL", step: 5 },
  { verb: "DEL", trouble: "error=EIO", step: 3 },
];

needs(namespaces, linkKind("veth"), built, strace).each(CASES)(
  "tuning: $trouble in $verb leaves nothing after one DEL",
  (options) => {
    const { tried, left, missed, notes } = troubleTuning({ bin: BIN, ...options });
    console.log(`${options.trouble} in ${options.verb} of tuning: ${tried} tried, ${left} left something`);
    expect(notes).toEqual([]);
    expect({ left, many: tried > 5 && missed < tried }).toEqual({ left: 0, many: true });
  },
  120_000,
);
