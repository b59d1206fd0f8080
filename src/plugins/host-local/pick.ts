/** Which address of a set an attachment gets: ref-host-local §5 and §6. */
import { readdir } from "#sys";
import { equalIp, formatIp, type Ip } from "../../base/ip.ts";
import { CniError, INTERNAL } from "../../spec/errors.ts";
import { type Candidate, cursorOver } from "./cursor.ts";
import { type Earlier, reusable } from "./earlier.ts";
import { readLast, writeLast } from "./last.ts";
import { leasePath, readLease } from "./lease.ts";
import { formatSet, type Range, type RangeSet, rangeOf } from "./ranges.ts";
import { exhausted, reclaimFrom } from "./reclaim.ts";
import { formatHolder, parseRecord, recordText } from "./record.ts";
import { adoptLease, makeLease, type Session, type Taken } from "./session.ts";

/** After so many taken addresses in a row the directory is read instead of trying the next. */
const TRIES = 64;

/** Leases the address `ip`, which is in the set. @throws CniError when it is the gateway or taken */
export function takeWish(session: Session, set: RangeSet, index: number, ip: Ip, earlier: readonly Earlier[]): Taken {
  const range = rangeOf(set, ip) as Range;
  if (equalIp(ip, range.gateway)) {
    const details = `${formatIp(ip)} is the gateway of range ${formatSet([range])}: ask for another, or set "gateway"`;
    throw new CniError(INTERNAL, `requested ip ${formatIp(ip)} is subnet's gateway`, details);
  }
  const own = earlier.find((lease) => lease.gone && equalIp(lease.ip, ip));
  if (own) return remembered(session, index, adoptLease(session, ip, range));
  const taken = makeLease(session, (place) => (place(ip) ? { ip, range } : undefined));
  if (taken) return remembered(session, index, taken);
  const message = `requested IP address ${formatIp(ip)} is not available in range set ${formatSet(set)}`;
  throw new CniError(INTERNAL, message, heldBy(session, ip));
}

/**
 * Leases the address of the set whose turn it is; the owner's own, if its earlier attachment is provably gone.
 * @throws CniError when the owner holds one whose attachment is not, or when none is left
 */
export function takeNext(session: Session, set: RangeSet, index: number, earlier: readonly Earlier[]): Taken {
  const own = reusable(earlier, set, session.applicant);
  if (own) return remembered(session, index, adoptLease(session, own, rangeOf(set, own) as Range));
  const last = readLast(session.store, index, session.applicant.warn);
  const taken = makeLease(session, (place) => firstFree(session, set, last, place) ?? reclaimFrom(session, set, place));
  if (!taken) throw exhausted(session, set);
  return remembered(session, index, taken);
}

/** Tries the addresses in turn; after a long row of taken ones only those that the directory lacks. */
function firstFree(
  { store }: Session,
  set: RangeSet,
  last: Ip | undefined,
  place: (ip: Ip) => boolean,
): Candidate | undefined {
  const cursor = cursorOver(set, last);
  let names: ReadonlySet<string> | undefined;
  for (let tries = 0; ; tries++) {
    const candidate = cursor.next();
    if (!candidate) return undefined;
    if (tries === TRIES) names = new Set(readdir(store.directory));
    if (!names?.has(formatIp(candidate.ip)) && place(candidate.ip)) return candidate;
  }
}

/** Moves the round robin on. */
function remembered(session: Session, index: number, taken: Taken): Taken {
  writeLast(session.store, index, taken.ip);
  return taken;
}

function heldBy({ store, applicant }: Session, ip: Ip): string {
  const path = leasePath(store, ip);
  const lease = readLease(path);
  const owner = lease && parseRecord(lease.record);
  if (!owner) return `${path} names no owner: if nobody reserved the address by it, remove that file`;
  const pod = lease.origin?.pod ? ` (pod ${lease.origin.pod})` : "";
  const own = lease.record === recordText(applicant.owner) ? ", the very one that asks: DEL it first" : pod;
  return `it is leased to ${formatHolder(owner)}${own}`;
}
