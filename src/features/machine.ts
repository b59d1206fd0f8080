import { outcome } from "../base/outcome.ts";
import { settle } from "../base/undo.ts";
import { type Face, type Host, ThisHost } from "../host/host.ts";
import type { AddOutcome } from "../spec/plugin.ts";
import { Iptables } from "./masquerade/iptables.ts";
import { Masquerade } from "./masquerade/rules.ts";
import { SpoofCheck } from "./spoof-check/rules.ts";

/** A host with what keeps the rules of features: tests put a fake in its place. */
export interface Machine extends Host {
  readonly masquerade: Face<Masquerade>;
  readonly iptables: Face<Iptables>;
  readonly spoofCheck: Face<SpoofCheck>;
}

/** Does something with the machine, and closes what it opened for that. */
export function onMachine<T>(work: (machine: Machine) => T): T {
  const machine = new ThisMachine();
  try {
    return work(machine);
  } finally {
    machine.close();
  }
}

/** The same for each of many, on one machine: what says what it gave, or throws why it failed. */
export function onMachineEach<T, R>(each: readonly T[], work: (one: T, machine: Machine) => R): (() => R)[] {
  return onMachine((machine) => each.map((one) => outcome(() => work(one, machine))));
}

/** The same for an ADD: what it opened is closed when it is release, or taken back. */
export function onMachineAdd(add: (machine: Machine) => AddOutcome): AddOutcome {
  const machine = new ThisMachine();
  const close = () => machine.close();
  try {
    const { rollback, release, ...outcome } = add(machine);
    const ending = (end: (() => void) | undefined) => () => void settle([...(end ? [end] : []), close]);
    return { ...outcome, rollback: ending(rollback), release: ending(release) };
  } catch (error) {
    close();
    throw error;
  }
}

/** The machine itself, seen from the network namespace that this process runs in. */
export class ThisMachine extends ThisHost implements Machine {
  get masquerade(): Masquerade {
    return new Masquerade(this.nft, this.iptables);
  }

  get iptables(): Iptables {
    return new Iptables(this.nft);
  }

  get spoofCheck(): SpoofCheck {
    return new SpoofCheck(this.nft);
  }
}
