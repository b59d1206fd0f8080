/** A part of the kills and errors of plugins other than bridge, another one every time. */
import { expect } from "bun:test";
import { BIN, built, linkKind, namespaces, needs, nftables } from "../support/needs.ts";
import { type Troubling, trouble } from "./subject.ts";
import { SUBJECTS } from "./subjects.ts";
import { strace } from "./system-calls.ts";

type Sample = Omit<Troubling, "bin"> & { readonly plugin: keyof typeof SUBJECTS };

const CASES: readonly Sample[] = [
  { plugin: "bandwidth", verb: "ADD", trouble: "signal=KILL", step: 16 },
  { plugin: "bandwidth", verb: "ADD", trouble: "error=ENOMEM", step: 12 },
  { plugin: "bandwidth", verb: "DEL", trouble: "signal=KILL", step: 10 },
  { plugin: "bandwidth", verb: "DEL", trouble: "error=EIO", step: 4 },
  { plugin: "firewall", verb: "ADD", trouble: "signal=KILL", step: 24 },
  { plugin: "firewall", verb: "ADD", trouble: "error=EIO", step: 16 },
  { plugin: "firewall", verb: "DEL", trouble: "signal=KILL", step: 24 },
  { plugin: "firewall", verb: "DEL", trouble: "error=ENOMEM", step: 16 },
  { plugin: "portmap", verb: "ADD", trouble: "signal=KILL", step: 12 },
  { plugin: "portmap", verb: "ADD", trouble: "signal=TERM", step: 16 },
  { plugin: "portmap", verb: "ADD", trouble: "error=ENOMEM", step: 12 },
  { plugin: "portmap", verb: "DEL", trouble: "signal=KILL", step: 16 },
  { plugin: "portmap", verb: "DEL", trouble: "error=EIO", step: 16, lasting: true },
  { plugin: "conditions", verb: "ADD", trouble: "signal=KILL", step: 16 },
  { plugin: "conditions", verb: "ADD", trouble: "error=EIO", step: 12 },
  { plugin: "conditions", verb: "DEL", trouble: "signal=KILL", step: 20 },
  { plugin: "tuning", verb: "ADD", trouble: "signal=KILL", step: 8 },
  { plugin: "tuning", verb: "ADD", trouble: "error=EIO", step: 6 },
  { plugin: "tuning", verb: "DEL", trouble: "signal=KILL", step: 8 },
  { plugin: "tuning", verb: "DEL", trouble: "error=ENOMEM", step: 6, lasting: true },
];

needs(namespaces, linkKind("veth"), linkKind("ifb"), nftables, built, strace).each(CASES)(
  "$plugin: $trouble in $verb leaves nothing after one DEL",
  ({ plugin, ...options }) => {
    const { tried, left, missed, notes } = trouble(SUBJECTS[plugin], { bin: BIN, ...options });
    console.log(`${options.trouble} in ${options.verb} of ${plugin}: ${tried} tried, ${left} left something`);
    expect(notes).toEqual([]);
    expect({ left, many: tried > 1 && missed < tried }).toEqual({ left: 0, many: true });
  },
  120_000,
);
