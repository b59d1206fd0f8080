import type { Difference } from "./compare.ts";
import type { Networks } from "./layout.ts";

/** What the thread that writes is asked, and what it answers: values that can be copied from thread to thread. */

/** Settings of the machine. */
export interface WriterOptions extends Networks {
  /** All that goes to a service gets the node's address. */
  readonly masqueradeAll: boolean;
}

/** A line each (port-text.ts): much else would be slower to copy than to make. */
export type Services = readonly string[];

export type Order =
  | ({ readonly kind: "open" } & WriterOptions)
  /** Part of all that there is. */
  | { readonly kind: "begin"; readonly services: Services; readonly isFirst: boolean; readonly isLast: boolean }
  | { readonly kind: "change"; readonly services: Services }
  | { readonly kind: "rehearse"; readonly services: Services }
  | { readonly kind: "compare" }
  /** Reads what there is, and puts it right. */
  | { readonly kind: "repair" }
  | { readonly kind: "cleanup" };

/** One for each order but `open`, in the same order; `repaired` and `unrepaired` come unasked. */
export type Answer =
  | {
      readonly kind: "done";
      readonly report: Report;
      readonly milliseconds: number;
      readonly conflicts: readonly string[];
    }
  | { readonly kind: "plan"; readonly commands: string }
  | { readonly kind: "differences"; readonly differences: readonly Difference[] }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "repaired"; readonly report: Report }
  | { readonly kind: "unrepaired"; readonly message: string };

/** What a step was. */
export interface Report {
  /** Elements that came or went. */
  readonly elements: number;
  /** UDP flows that were forgotten. */
  readonly flows: number;
  /** The kernel was not as it had been left, and was read and put right. */
  readonly repaired: boolean;
  /** What did not go as it should, though the rules are right. */
  readonly trouble?: string;
}

export const NOTHING: Report = { elements: 0, flows: 0, repaired: false };

/** The answer to two parts of one order; the first that failed, if one did. */
export function sumOf(one: Answer | undefined, other: Answer): Answer {
  if (one?.kind !== "done" || other.kind !== "done") return one?.kind === "failed" ? one : other;
  const report = both(one.report, other.report);
  return { ...other, report, milliseconds: one.milliseconds + other.milliseconds };
}

/** What two steps, one after the other, were. */
export function both(one: Report, other: Report): Report {
  return {
    ...one,
    ...other,
    elements: one.elements + other.elements,
    flows: one.flows + other.flows,
    repaired: one.repaired || other.repaired,
  };
}
