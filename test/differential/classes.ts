/** The intended differences: each has a section in docs/differences.md. What none of them explains is a failure. */
import type { Json } from "../support/command.ts";
import type { Answer } from "./answer.ts";
import type { CallStep, Case } from "./case.ts";
import { BANDWIDTH } from "./classes-bandwidth.ts";
import { COSMETIC } from "./classes-cosmetic.ts";
import { FIREWALL } from "./classes-firewall.ts";
import { OUTCOME } from "./classes-outcome.ts";
import { PORTMAP } from "./classes-portmap.ts";
import { TUNING } from "./classes-tuning.ts";
import type { Difference } from "./diff.ts";
import type { State } from "./observe.ts";

/** One call on both sides. */
export interface Pair {
  readonly one: Case;
  readonly step: CallStep;
  /** The configuration as called, without prevResult. */
  readonly conf: Json;
  readonly berth: Seen;
  readonly reference: Seen;
}

export interface Seen {
  readonly answer: Answer;
  readonly before: State;
  readonly after: State;
}

export interface DifferenceClass {
  readonly name: string;
  /** Whether the two sides are, for all later calls, in the same state. */
  readonly cosmetic: boolean;
  explains(difference: Difference, pair: Pair): boolean;
}

export const CLASSES: readonly DifferenceClass[] = [
  ...PORTMAP,
  ...COSMETIC,
  ...FIREWALL,
  ...TUNING,
  ...BANDWIDTH,
  ...OUTCOME,
];

export function classOf(difference: Difference, pair: Pair): DifferenceClass | undefined {
  return CLASSES.find((one) => one.explains(difference, pair));
}

export function isCosmetic(difference: Difference, pair: Pair): boolean {
  return CLASSES.some((one) => one.cosmetic && one.explains(difference, pair));
}
