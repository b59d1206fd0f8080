/** A part of the injected errors of `npm run reliability`, another one every time. */
import { expect } from "bun:test";
import { BIN, built, namespaces, needs, nftables } from "../support/needs.ts";
import { type Failing, fail } from "./errors.ts";
import { strace } from "./system-calls.ts";

const CASES: readonly (readonly [string, Omit<Failing, "bin">])[] = [
  ["EIO in ADD with ipMasq", { verb: "ADD", errno: "EIO", ipMasq: true, step: 3 }],
  ["ENOSPC in ADD", { verb: "ADD", errno: "ENOSPC", ipMasq: false, step: 4 }],
  ["ENOMEM in ADD with ipMasq", { verb: "ADD", errno: "ENOMEM", ipMasq: true, step: 4 }],
  ["ENOMEM in the first ADD", { verb: "ADD", errno: "ENOMEM", ipMasq: true, cold: true, step: 6 }],
  ["EDQUOT in ADD of host-local", { verb: "ADD", errno: "EDQUOT", ipMasq: false, plugin: "host-local", step: 2 }],
  ["ENOBUFS in ADD with ipMasq", { verb: "ADD", errno: "ENOBUFS", ipMasq: true, step: 5 }],
  ["EBUSY in ADD with ipMasq", { verb: "ADD", errno: "EBUSY", ipMasq: true, step: 5 }],
  ["EINTR in ADD", { verb: "ADD", errno: "EINTR", ipMasq: false, step: 4 }],
  ["ENOSPC in ADD that registers", { verb: "ADD", errno: "ENOSPC", ipMasq: false, registers: true, step: 8 }],
  ["EIO in DEL with ipMasq", { verb: "DEL", errno: "EIO", ipMasq: true, step: 4 }],
  ["EIO that lasts in ADD", { verb: "ADD", errno: "EIO", ipMasq: false, step: 5, lasting: true }],
  ["ENOSPC that lasts in ADD with ipMasq", { verb: "ADD", errno: "ENOSPC", ipMasq: true, step: 5, lasting: true }],
  ["ENOMEM that lasts in DEL with ipMasq", { verb: "DEL", errno: "ENOMEM", ipMasq: true, step: 5, lasting: true }],
];

const test = needs(namespaces, nftables, built, strace);

test.each(CASES)(
  "%s ends in a result, or in a CNI error with nothing left",
  (what, options) => {
    const { tried, left, missed, notes } = fail({ bin: BIN, ...options });
    console.log(`${what}: ${tried} errors, ${left} left something`);
    expect(notes).toEqual([]);
    expect({ left, many: tried > 10 && missed < tried }).toEqual({ left: 0, many: true });
  },
  120_000,
);
