/** Differences after which the sides may go different ways. */
import type { Json } from "../support/command.ts";
import type { DifferenceClass, Pair, Seen } from "./classes.ts";
import type { Difference } from "./diff.ts";

const failed = ({ answer }: Seen) => answer.status !== 0;
const says = ({ answer }: Seen, text: RegExp) => failed({ answer } as Seen) && text.test(answer.message ?? "");

/** The value at a path of a state. */
export function at(state: Json, path: readonly string[]): Json {
  return path.reduce((value, key) => value?.[key], state);
}

const same = (a: Json, b: Json) => JSON.stringify(a) === JSON.stringify(b);

/** That berth's call changed nothing at this place. */
function untouched({ path }: Difference, { berth }: Pair): boolean {
  return same(at(berth.before, path), at(berth.after, path));
}

export const OUTCOME: readonly DifferenceClass[] = [
  {
    name: "failed-add-leaves-nothing",
    cosmetic: false,
    explains: (d, pair) =>
      pair.step.verb === "ADD" && failed(pair.berth) && failed(pair.reference) && d.path[0] !== "answer" && untouched(d, pair),
  },
];
