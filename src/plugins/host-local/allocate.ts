/** The addresses of one ADD: one of each set, all or none. */
import { deferSignals, monotonic } from "#sys";
import { assertErrno, messageOf } from "../../base/errno.ts";
import { formatIp, type Ip } from "../../base/ip.ts";
import { Undo } from "../../base/undo.ts";
import { CniError, INTERNAL, IO_FAILURE } from "../../spec/errors.ts";
import type { Place } from "./config.ts";
import { dyingOf, type Earlier, earlierLeases } from "./earlier.ts";
import { awaitLoss } from "./life.ts";
import type { Origin } from "./origin.ts";
import { usingOwners } from "./owners.ts";
import { takeNext, takeWish } from "./pick.ts";
import { formatSet, type RangeSet } from "./ranges.ts";
import { finderOf } from "./search.ts";
import type { Applicant, Session, Taken } from "./session.ts";
import { createStore } from "./store.ts";

/** How long an ADD waits for its owner's earlier attachment to vanish. */
const DYING_MS = 2000;

/**
 * Leases one address of each set under one hold of the lock, or none at all. `wishes` are addresses asked for: each set
 * gives the first that it contains, and every one must be had.
 * @throws CniError with the reference's text (999; 5 for what the disk refuses); the details say who holds what and what to do
 */
export function allocate(
  place: Place,
  sets: readonly RangeSet[],
  wishes: readonly Ip[],
  applicant: Applicant,
): Taken[] {
  const chosen = assignWishes(sets, wishes);
  const deadline = monotonic() + DYING_MS;
  for (;;) {
    const outcome = allocateOnce(place, sets, chosen, applicant, deadline);
    if (Array.isArray(outcome)) return outcome;
    // Not under the lock: others need not wait for this one's past.
    awaitLoss(outcome, applicant.here, deadline);
  }
}

/** The addresses; or, before the deadline, the earlier attachment of the same owner that may be about to vanish. */
function allocateOnce(
  place: Place,
  sets: readonly RangeSet[],
  chosen: ReadonlyMap<number, Ip>,
  applicant: Applicant,
  deadline: number,
): Taken[] | Origin {
  const store = createStore(place);
  return usingOwners(store, applicant.warn, (owners) => {
    const session: Session = { store, applicant, owners, undo: new Undo() };
    try {
      const earlier = earlierLeases(session, sets);
      const dying = earlier.length && monotonic() < deadline ? dyingOf(earlier, applicant) : undefined;
      if (dying) return dying;
      const held = heldIn(sets, earlier);
      return sets.map((set, index) => allocateFrom(session, set, index, chosen.get(index), held.get(index) ?? []));
    } catch (error) {
      for (const failure of deferSignals(() => session.undo.rollback())) {
        applicant.warn(`could not take back: ${messageOf(failure)}`);
      }
      throw error;
    }
  });
}

function allocateFrom(
  session: Session,
  set: RangeSet,
  index: number,
  wish: Ip | undefined,
  earlier: readonly Earlier[],
): Taken {
  try {
    return wish ? takeWish(session, set, index, wish, earlier) : takeNext(session, set, index, earlier);
  } catch (error) {
    const message = `failed to allocate for range ${index}: ${messageOf(error)}`;
    if (error instanceof CniError) throw new CniError(error.code, message, error.details, error);
    assertErrno(error);
    const details = `nothing was leased: ${session.store.directory} must be writable and have room`;
    throw new CniError(IO_FAILURE, message, details, error);
  }
}

/** What of the owner's earlier leases is in which set. */
function heldIn(sets: readonly RangeSet[], earlier: readonly Earlier[]): ReadonlyMap<number, readonly Earlier[]> {
  const held = new Map<number, Earlier[]>();
  if (earlier.length === 0) return held;
  const find = finderOf(sets);
  for (const lease of earlier) {
    const index = find(lease.ip);
    if (index === undefined) continue;
    const others = held.get(index);
    if (others) others.push(lease);
    else held.set(index, [lease]);
  }
  return held;
}

/** The addresses asked for, by the numbers of their sets. @throws CniError when one is left over */
function assignWishes(sets: readonly RangeSet[], wishes: readonly Ip[]): ReadonlyMap<number, Ip> {
  const chosen = new Map<number, Ip>();
  if (wishes.length === 0) return chosen;
  const find = finderOf(sets);
  const left: Ip[] = [];
  for (const ip of wishes) {
    const index = find(ip);
    if (index === undefined || chosen.has(index)) left.push(ip);
    else chosen.set(index, ip);
  }
  if (left.length === 0) return chosen;
  const outside = left.filter((ip) => find(ip) === undefined);
  const details = outside.length
    ? `${outside.map(formatIp).join(" ")} is in no range: ${sets.map(formatSet).join("; ")}`
    : "a range set gives one address: ask for one of each";
  throw new CniError(INTERNAL, `failed to allocate all requested IPs: ${left.map(formatIp).join(" ")}`, details);
}
