import type { Prefix } from "../../../base/ip.ts";
import type { Difference } from "./compare.ts";
import type { Report } from "./writer.ts";

/** What the thread that writes is asked, and what it answers: values that can be copied from thread to thread. */

/** A line each (port-text.ts): much else would be slower to copy than to make. */
export type Services = readonly string[];

export type Order =
  | { readonly kind: "open"; readonly containers: readonly Prefix[]; readonly masqueradeAll: boolean }
  /** Part of all that there is. */
  | { readonly kind: "begin"; readonly services: Services; readonly isFirst: boolean; readonly isLast: boolean }
  | { readonly kind: "change"; readonly services: Services }
  | { readonly kind: "rehearse"; readonly services: Services }
  | { readonly kind: "compare" }
  /** Reads what there is, and puts it right. */
  | { readonly kind: "repair" }
  | { readonly kind: "cleanup" };

/** One for each order but `open`, in the same order; `repaired` comes unasked. */
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
  | { readonly kind: "repaired"; readonly elements: number };

export type { Report };
