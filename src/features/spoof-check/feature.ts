import { messageOf } from "../../base/errno.ts";
import { Explained } from "../../base/explained.ts";
import { mayHave } from "../attached.ts";
import type { Feature } from "../feature.ts";
import { NO_NFTABLES } from "../remedies.ts";

const LETTER = "s";

/** A container sends with its own MAC address only (macspoofchk). */
export const spoofCheck: Feature<true> = {
  what: "the spoof check",
  binds: "link",
  letters: { [LETTER]: true },
  possible({ nft }, _, quickly) {
    const failure = quickly ? undefined : nft.failure();
    if (failure === undefined) return undefined;
    const what = `macspoofchk needs nf_tables, which the kernel does not have: ${messageOf(failure)}`;
    return new Explained(what, NO_NFTABLES, failure);
  },
  add(machine, _, { owner, port }) {
    machine.spoofCheck.add(owner, port);
    return LETTER;
  },
  drop: (machine, _, owner) => machine.spoofCheck.remove(owner),
  remove(machine, wish, { owner, leases }) {
    if (wish || mayHave(LETTER, leases)) machine.spoofCheck.remove(owner);
  },
  check: (machine, _, { owner, port }) => machine.spoofCheck.check(owner, port),
  restore(machine, _, { owner, port }) {
    const missing = machine.spoofCheck.check(owner, port);
    if (missing !== undefined) machine.spoofCheck.add(owner, port);
    return missing;
  },
  gc: (machine, _, { network, alive }) => machine.spoofCheck.gc(network, alive),
};
