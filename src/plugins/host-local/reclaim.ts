/** What to do when a set has no free address left: DESIGN §5. Only here is an address taken from somebody, and only under the lock. */
import { attempt } from "../../base/attempt.ts";
import { equalIp, formatIp, type Ip } from "../../base/ip.ts";
import { CniError, INTERNAL } from "../../spec/errors.ts";
import type { Candidate } from "./cursor.ts";
import { type LeaseFile, leasePath, readLease, removeLease } from "./lease.ts";
import { goneBecause, type Here, isGoneForOwner } from "./life.ts";
import { capacityOf, formatSet, type RangeSet, rangeOf } from "./ranges.ts";
import { formatHolder, parseRecord } from "./record.ts";
import { leaseNames } from "./scan.ts";
import type { Session } from "./session.ts";

/** The leases of a set. */
export interface Occupancy {
  /** How many addresses the set has. */
  readonly capacity: number;
  readonly leased: number;
  /** Leases of attachments that are provably gone, oldest first. */
  readonly gone: readonly Occupied[];
  /** Files that name no owner, oldest first: a crash's remains, or somebody's reservation. */
  readonly nobodys: readonly Occupied[];
  /** How many more look gone, but not for long enough. */
  readonly stale: number;
}

export interface Occupied extends Candidate {
  readonly lease: LeaseFile;
  /** Why it may be taken, for the log. */
  readonly reason: string;
}

/** Looks at every lease of the set: for a set that is full. */
export function occupancyOf(directory: string, set: RangeSet, here: Here): Occupancy {
  const gone: Occupied[] = [];
  const nobodys: Occupied[] = [];
  let leased = 0;
  let stale = 0;
  for (const { ip, range } of leasedOf(directory, set)) {
    leased++;
    // One that cannot be read is nobody's to take.
    const lease = attempt(() => readLease(`${directory}/${formatIp(ip)}`));
    if (!lease) continue;
    const reason = goneBecause(lease.origin, here);
    if (reason) gone.push({ ip, range, lease, reason });
    else if (!parseRecord(lease.record)) nobodys.push({ ip, range, lease, reason: "its file names no owner" });
    else if (isGoneForOwner(lease.origin, here)) stale++;
  }
  gone.sort(byAge);
  nobodys.sort(byAge);
  return { capacity: capacityOf(set), leased, gone, nobodys, stale };
}

/** The addresses of the set for which there is a file, in no order. */
function leasedOf(directory: string, set: RangeSet): Candidate[] {
  const leased: Candidate[] = [];
  for (const { ip } of leaseNames(directory)) {
    const range = rangeOf(set, ip);
    if (range && !equalIp(ip, range.gateway)) leased.push({ ip, range });
  }
  return leased;
}

/**
 * Takes the address whose attachment has been provably gone for longest; if there is none, one whose file names nobody.
 * Says so on stderr. undefined when the set is full of leases that must stay.
 */
export function reclaimFrom(session: Session, set: RangeSet, place: (ip: Ip) => boolean): Candidate | undefined {
  const { store, owners, applicant } = session;
  if (!store.locked) return undefined;
  const { gone, nobodys } = occupancyOf(store.directory, set, applicant.here);
  const oldest = gone[0] ?? nobodys[0];
  if (!oldest) return undefined;
  const { ip, lease, reason } = oldest;
  const owner = parseRecord(lease.record);
  if (removeLease(leasePath(store, ip)) && lease.record) owners.removed(lease.record, ip);
  const whose = owner ? `of ${formatHolder(owner)}` : "of nobody";
  applicant.warn(`network ${store.place.network} is full: reclaimed ${formatIp(ip)} ${whose}, because ${reason}`);
  return place(ip) ? oldest : undefined;
}

/** The error of a set without a free address. */
export function exhausted({ store, applicant }: Session, set: RangeSet): CniError {
  const occupancy = occupancyOf(store.directory, set, applicant.here);
  const message = `no IP addresses available in range set: ${formatSet(set)}`;
  return new CniError(
    INTERNAL,
    message,
    `${describe(occupancy)}; DEL or GC releases what is not used, or enlarge the range`,
  );
}

/** `254 of 254 addresses are leased, 3 look stale`. */
function describe({ leased, capacity, stale }: Occupancy): string {
  const suffix = stale ? ` (their host interface is gone for less than 10 minutes)` : "";
  return `${leased} of ${capacity} addresses are leased, ${stale} look stale${suffix}`;
}

function byAge(a: Occupied, b: Occupied): number {
  return a.lease.mtimeSec - b.lease.mtimeSec || a.lease.mtimeNsec - b.lease.mtimeNsec;
}
