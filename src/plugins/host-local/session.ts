/** One hold of a store's lock by an ADD, and the effects that it has there. */

import { close, deferSignals, flock, fstat, getxattr, open, pwrite, setxattr } from "#sys";
import { attempt } from "../../base/attempt.ts";
import type { Ip } from "../../base/ip.ts";
import type { Undo } from "../../base/undo.ts";
import { encodeUtf8 } from "../../base/utf8.ts";
import { O } from "../../sys/flags.ts";
import { discardDraft, draftLease, finishDraft, leasePath, placeLease, removeLease } from "./lease.ts";
import { type Here, now } from "./life.ts";
import { decodeOrigin, encodeOrigin, type Origin, XATTR } from "./origin.ts";
import type { Owners } from "./owner-scan.ts";
import type { Range } from "./ranges.ts";
import { type LeaseOwner, recordText } from "./record.ts";
import type { Store } from "./store.ts";

/** What an ADD wants to lease for, the same for all of its addresses. */
export interface Applicant {
  readonly owner: LeaseOwner;
  /** CNI_NETNS. */
  readonly netns: string;
  readonly pod: string | undefined;
  readonly here: Here;
  warn(line: string): void;
}

export interface Session {
  readonly store: Store;
  readonly owners: Owners;
  readonly applicant: Applicant;
  /** Takes back what this ADD took, while the lock is held. */
  readonly undo: Undo;
}

/** An address that this ADD leased. */
export interface Taken {
  readonly ip: Ip;
  /** The range that it is from. */
  readonly range: Range;
  /** The lease, locked as long as the ADD runs: that is how GC knows. */
  readonly fd: number;
  readonly origin: Origin;
  /** The attribute that an adopted lease had before; absent when this ADD made the lease. */
  readonly before?: string;
}

/** Leases the first address for which `pick` gives way: it tries some with the function it is handed, and returns the one placed. */
export function makeLease<T extends { ip: Ip; range: Range }>(
  session: Session,
  pick: (place: (ip: Ip) => boolean) => T | undefined,
): Taken | undefined {
  const { store, owners, applicant, undo } = session;
  const record = recordText(applicant.owner);
  const origin = originNow(applicant);
  const draft = draftLease(store, record, encodeOrigin(origin));
  let placed = false;
  try {
    lockLease(draft.fd);
    const picked = pick((ip) => {
      if (!placeLease(store, draft, ip)) return false;
      undo.push(() => {
        if (removeLease(leasePath(store, ip))) owners.removed(record, ip);
        close(draft.fd);
      });
      // From here on the undo closes it.
      placed = true;
      owners.added(record, ip);
      return true;
    });
    return picked && { ip: picked.ip, range: picked.range, fd: draft.fd, origin };
  } finally {
    deferSignals(() => (placed ? finishDraft(draft) : discardDraft(draft)));
  }
}

/** Takes over the owner's own lease of an earlier attachment. @throws SysError when it cannot be marked as the new one's */
export function adoptLease(session: Session, ip: Ip, range: Range): Taken {
  const { store, applicant, undo } = session;
  const fd = open(leasePath(store, ip), O.RDWR | O.NOFOLLOW | O.NONBLOCK);
  const { before, origin } = mark(fd, applicant);
  undo.push(() => {
    setxattr(fd, XATTR, before);
    close(fd);
  });
  // The same bytes: for the modification time, by which a GC that has begun sees that the lease is newer.
  pwrite(fd, encodeUtf8(recordText(applicant.owner)), 0);
  return { ip, range, fd, origin, before };
}

/** Locks an open lease and makes it the applicant's. Returns the attribute before and now. Closes it when that fails. */
function mark(fd: number, applicant: Applicant): { before: string; origin: Origin } {
  try {
    const before = getxattr(fd, XATTR) ?? "";
    // Rules of the earlier attachment may be there until the new one is made.
    const origin = { ...originNow(applicant), rules: decodeOrigin(before)?.rules };
    lockLease(fd);
    setxattr(fd, XATTR, encodeOrigin(origin));
    return { before, origin };
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** Whether the lease at `path` is the file that is open as `fd`. */
export function isSameFile(fd: number, found: { id: string }): boolean {
  return fstat(fd).id === found.id;
}

function originNow({ here, pod }: Applicant): Origin {
  return { boot: here.boot, host: here.host, time: now(), pod };
}

/** Free by itself when the process ends, however it ends. Where the file system has no locks, GC goes by time alone. */
function lockLease(fd: number): void {
  attempt(() => flock(fd, 0));
}
