/** A part of the kills of `npm run reliability`, another one every time. */
import { expect } from "bun:test";
import { BIN, built, namespaces, needs, nftables } from "../support/needs.ts";
import { type Killing, kill } from "./kills.ts";
import { strace } from "./system-calls.ts";

const CASES: readonly (readonly [string, Omit<Killing, "bin">])[] = [
  ["SIGKILL in ADD", { verb: "ADD", signal: "KILL", ipMasq: false, step: 6 }],
  ["SIGKILL in ADD with ipMasq", { verb: "ADD", signal: "KILL", ipMasq: true, step: 4 }],
  ["SIGKILL in the first ADD", { verb: "ADD", signal: "KILL", ipMasq: true, cold: true, step: 10 }],
  ["SIGKILL in DEL with ipMasq", { verb: "DEL", signal: "KILL", ipMasq: true, step: 4 }],
  ["SIGKILL in GC with ipMasq", { verb: "GC", signal: "KILL", ipMasq: true, step: 6 }],
  ["SIGTERM in ADD with ipMasq", { verb: "ADD", signal: "TERM", ipMasq: true, step: 4 }],
  ["SIGTERM in the first ADD", { verb: "ADD", signal: "TERM", ipMasq: true, cold: true, step: 10 }],
  ["SIGINT in ADD", { verb: "ADD", signal: "INT", ipMasq: false, step: 6 }],
  ["SIGTERM in DEL", { verb: "DEL", signal: "TERM", ipMasq: false, step: 6 }],
  ["SIGKILL in ADD that registers", { verb: "ADD", signal: "KILL", ipMasq: false, registers: true, step: 10 }],
  ["SIGTERM in ADD that registers", { verb: "ADD", signal: "TERM", ipMasq: false, registers: true, step: 10 }],
  ["SIGKILL in DEL that registers", { verb: "DEL", signal: "KILL", ipMasq: false, registers: true, step: 8 }],
  ["SIGKILL in ADD of ptp", { verb: "ADD", signal: "KILL", plugin: "ptp", ipMasq: true, step: 8 }],
  ["SIGKILL in DEL of ptp", { verb: "DEL", signal: "KILL", plugin: "ptp", ipMasq: true, step: 8 }],
];

needs(namespaces, nftables, built, strace).each(CASES)(
  "%s leaves nothing after one DEL",
  (what, options) => {
    const { tried, left, missed, notes } = kill({ bin: BIN, ...options });
    console.log(`${what}: ${tried} kills, ${left} left something`);
    expect(notes).toEqual([]);
    expect({ left, many: tried > 10 && missed < tried }).toEqual({ left: 0, many: true });
  },
  120_000,
);
