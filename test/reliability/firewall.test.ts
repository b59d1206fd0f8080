/** A part of the kills and injected errors of firewall, another one every time. */
import { expect } from "bun:test";
import { BIN, built, can, namespaces, needs } from "../support/needs.ts";
import { troubleFirewall } from "./firewall.ts";
import { strace } from "./system-calls.ts";
import type { Troubling } from "./tuning.ts";

const iptables = can("root and iptables", "iptables", "-t", "filter", "-S");

const CASES: readonly Omit<Troubling, "bin">[] = [
  { verb: "ADD", trouble: "signal=KILL", step: 24 },
  { verb: "ADD", trouble: "signal=TERM", step: 24 },
  { verb: "ADD", trouble: "error=EIO", step: 16 },
  { verb: "DEL", trouble: "signal=KILL", step: 24 },
  { verb: "DEL", trouble: "error=ENOMEM", step: 16 },
];

needs(namespaces, iptables, built, strace).each(CASES)(
  "firewall: $trouble in $verb leaves nothing after one DEL, and what another has",
  (options) => {
    const { tried, left, missed, notes } = troubleFirewall({ bin: BIN, ...options });
    console.log(`${options.trouble} in ${options.verb} of firewall: ${tried} tried, ${left} left something`);
    expect(notes).toEqual([]);
    expect({ left, many: tried > 5 && missed < tried }).toEqual({ left: 0, many: true });
  },
  120_000,
);
