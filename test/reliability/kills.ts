/** Signals at every system call of a plugin, and what one DEL afterwards does not take away. */
import { type Campaign, campaign, type Disturbed, falseSuccess } from "./campaign.ts";
import type { Tally } from "./tally.ts";

export interface Killing extends Campaign {
  readonly signal: "KILL" | "TERM" | "INT";
}

/** Calls `verb` once for every system call that it makes, with the signal there. */
export function kill(options: Killing): Tally {
  const caught = options.verb === "ADD" && options.signal !== "KILL";
  return campaign(options, `signal=${options.signal}`, (calls) => calls, caught ? byItself : () => []);
}

/** A signal that can be caught is an order to leave nothing, without anybody's DEL; too late, it is none. */
function byItself(disturbed: Disturbed): string[] {
  const { reply, bench } = disturbed;
  if (reply.status === 0) return falseSuccess(disturbed);
  const wrong = bench.remains().map((line) => `right after: ${line}`);
  // Without an exit status it ended by the signal: before it could know of any order.
  if (reply.status > 0 && typeof reply.json?.code !== "number") wrong.push(`exit ${reply.status} and no CNI error`);
  return wrong;
}
