/** What is tried: a runtime, a network list, and what is done with them. */
import type { ConfList } from "../../scripts/try/conflist.ts";
import { cases } from "../lists/lists.ts";
import { built, type Need, namespaces, reference } from "../support/needs.ts";
import { type Hold, holdAt } from "./hold.ts";
import type { Machine } from "./machine.ts";
import { shipped } from "./networks.ts";

/** Writes down how a step went: "ok", or what was wrong; and what was answered, to be compared. */
export type Tell = (step: string, outcome: string, answer?: string) => void;

/** One runtime, one network list, one thing that is done with them: a row of docs/runtimes.md. */
export interface Row {
  /** `npm run runtimes -- ID`. */
  readonly id: string;
  /** "containerd v1.6.20, CRI". */
  readonly runtime: string;
  /** "01-containerd-cri". */
  readonly list: string;
  /** The kind of the runtime and the name of the flow: "cri", "burst". */
  readonly kind: string;
  readonly name: string;
  /** What is done. */
  readonly flow: string;
  readonly needs: readonly Need[];
  readonly network: () => ConfList;
  /**
   * Makes all ready, with one attachment made and deleted, so that what attachments share is there; gives what is then
   * tried. Nothing that it makes may be there after it, but what its runtime leaves.
   */
  readonly prepare: (machine: Machine) => Promise<(tell: Tell) => Promise<void>>;
  /** What may be left since nobody but the runtime could remove it; absent: nothing may. */
  readonly leaves?: Leaves;
}

export interface Leaves {
  /** The lines that may be there. */
  readonly lines: RegExp;
  readonly why: string;
}

/** What is done with a runtime that is there as a `T`. */
export interface Flow<T> {
  readonly id: string;
  readonly flow: string;
  /** Where an ADD is held. */
  readonly hold?: readonly [plugin: string, when: "before" | "after"];
  /** Another network than the runtime's list. */
  readonly network?: Row["network"];
  readonly leaves?: Leaves;
  /** Makes what must be there before, besides what one attachment leaves. */
  warm?(runtime: T): Promise<void>;
  run(runtime: T, tell: Tell, hold: Hold): Promise<void>;
}

/** A runtime, as rows are made of it. */
export interface Runtime<T> {
  /** The beginning of its rows' ids. */
  readonly id: string;
  readonly runtime: string;
  readonly needs: readonly Need[];
  open(machine: Machine): Promise<T>;
  /** Makes one attachment and deletes it. */
  warm(runtime: T): Promise<void>;
}

/** The row of a flow with one runtime and one list. */
export function rowOf<T>(kind: Runtime<T>, list: string, { id, flow, hold, network, leaves, ...its }: Flow<T>): Row {
  return {
    id: `${kind.id}-${list.slice(0, 2)}-${id}`,
    kind: kind.id.replace(/-.*/, ""),
    name: id,
    runtime: kind.runtime,
    list,
    flow,
    needs: [namespaces, built, reference, cases, ...kind.needs],
    network: network ?? (() => shipped(list)),
    ...(leaves === undefined ? {} : { leaves }),
    prepare: async (machine) => {
      const held = hold && holdAt(machine, ...hold);
      const runtime = await kind.open(machine);
      await its.warm?.(runtime);
      await kind.warm(runtime);
      return (tell) => its.run(runtime, tell, held as Hold);
    },
  };
}

/** Tells nobody. */
export const untold: Tell = () => undefined;
