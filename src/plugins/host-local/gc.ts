import { boottime, close, flock, fstat, open, realtime } from "#sys";
import { assertErrno, ETIMEDOUT, isErrno } from "../../base/errno.ts";
import type { Owner } from "../../base/owner.ts";
import { settle } from "../../base/undo.ts";
import { attachmentsSchema, type ValidAttachment, validAttachmentsOf } from "../../spec/config.ts";
import { decode, goObject } from "../../spec/decode.ts";
import type { Collection } from "../../spec/delegate.ts";
import { CniError, IO_FAILURE } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import { O } from "../../sys/flags.ts";
import { type Place, readPlace } from "./config.ts";
import { failWith } from "./failures.ts";
import { openLease, readLease, readRecord, removeLease } from "./lease.ts";
import { readHere } from "./life.ts";
import { ownedLease } from "./owned.ts";
import { usingOwners } from "./owners.ts";
import { type LeaseOwner, parseRecord, recordText } from "./record.ts";
import { type LeaseName, leaseNames } from "./scan.ts";
import { directoryOf, openStore, statDirectory } from "./store.ts";

/** The longest tick of a kernel's clock, which files are dated by where finer times are not kept: HZ=100, doubled. */
const TICK_MS = 20;

/** What it reads besides the place. */
export const schema = goObject({
  "cni.dev/valid-attachments": attachmentsSchema,
  "cni.dev/attachments": attachmentsSchema,
});

/** When a GC began, on the clocks that leases are dated by. */
interface Start {
  readonly boot: string;
  /** CLOCK_BOOTTIME, seconds. */
  readonly time: number;
  /** As the file system dates a file now. */
  readonly sec: number;
  readonly nsec: number;
}

/**
 * Releases the leases of this network whose attachment is not in `cni.dev/valid-attachments`. Without that key (or null)
 * nothing is touched. A lease that is younger than this call, or whose ADD still runs, stays; so does what names no owner.
 * @throws CniError 5 for leases that cannot be removed (all are tried), 11 when the lock cannot be had
 */
export function gc(call: Call): void {
  collection(call).collect();
}

/** The same in steps (spec/delegate.ts). It begins now. */
export function collection(call: Call): Collection {
  const validAttachments = validAttachmentsOf(decode(schema, call.config));
  const place = readPlace(call.config, call.name);
  const directory = directoryOf(place);
  if (!validAttachments || !statDirectory(directory)) return { spared: () => [], doomed: () => [], collect: () => {} };
  const start = startNow(directory);
  const isValid = validity(validAttachments);
  const isSpared: Sparing = (owner, path) => isValid(owner) || isYoung(path, start) || isBusy(path);
  const holders = () => leaseHolders(call, directory, isSpared);
  return {
    spared: () => holders().flatMap(({ owner, spared }) => (spared ? owner : [])),
    doomed: () =>
      holders().flatMap(({ owner, spared, path, ip }) => (spared ? [] : { owner, ...ownedLease(ip, path) })),
    collect: () => collect(call, place, isSpared),
  };
}

/** Whether the lease at `path` is left to its owner. */
type Sparing = (owner: LeaseOwner, path: string) => boolean;

interface LeaseHolder extends LeaseName {
  readonly owner: Owner;
  readonly spared: boolean;
}

/** Reads every lease, without the lock. @throws CniError 5 when one cannot be read: its owner would seem to be gone */
function leaseHolders(call: Call, directory: string, isSpared: Sparing): LeaseHolder[] {
  const holders: LeaseHolder[] = [];
  const failures = settle(
    leaseNames(directory).map(({ path, ip }) => () => {
      const record = readRecord(path);
      const holder = record === undefined ? undefined : parseRecord(record);
      if (holder?.ifname === undefined) return;
      const owner = { network: call.name, containerId: holder.id, ifname: holder.ifname };
      holders.push({ owner, spared: isSpared(holder, path), path, ip });
    }),
  );
  failWith(failures);
  return holders;
}

function collect(call: Call, place: Place, isSpared: Sparing): void {
  const store = openStore(place, true);
  if (!store) return;
  const failures = usingOwners(store, call.warn, (owners) => {
    if (!store.locked)
      throw new CniError(IO_FAILURE, `cannot lock ${store.directory}`, "GC needs the lock: no lease was touched");
    const steps = leaseNames(store.directory).map(({ path, ip }) => () => {
      const record = readRecord(path);
      const owner = record === undefined ? undefined : parseRecord(record);
      if (!owner || isSpared(owner, path)) return;
      if (removeLease(path)) owners.removed(recordText(owner), ip);
    });
    return settle(steps);
  });
  failWith(failures);
}

function startNow(directory: string): Start {
  const { boot } = readHere();
  const time = boottime();
  try {
    const probe = open(directory, O.TMPFILE | O.WRONLY, 0o600);
    const { mtimeSec, mtimeNsec } = fstat(probe);
    close(probe);
    return { boot, time, sec: mtimeSec, nsec: mtimeNsec };
  } catch (error) {
    assertErrno(error);
  }
  const coarse = realtime() - TICK_MS;
  const sec = Math.floor(coarse / 1000);
  return { boot, time, sec, nsec: Math.floor((coarse - sec * 1000) * 1e6) };
}

/** A record from before leases knew interfaces stays as long as its container has any attachment. */
function validity(attachments: readonly ValidAttachment[]): (owner: LeaseOwner) => boolean {
  const records = new Set(attachments.map(({ containerId, ifname }) => recordText({ id: containerId, ifname })));
  const ids = new Set(attachments.map(({ containerId }) => containerId));
  return (owner) => (owner.ifname === undefined ? ids.has(owner.id) : records.has(recordText(owner)));
}

/**
 * Whether the lease was made, or taken over, after the start, or may have been. What the attribute says comes first: the
 * clock that files are dated by may have been set back since. (What was made within the millisecond to which its time is
 * rounded up is young, and without an attribute within one tick of that clock.)
 */
function isYoung(path: string, start: Start): boolean {
  const lease = readLease(path);
  if (!lease) return true;
  const { origin, mtimeSec, mtimeNsec } = lease;
  if (origin && start.boot !== "") return origin.boot === start.boot && origin.time > start.time;
  return (mtimeSec - start.sec || mtimeNsec - start.nsec) >= 0;
}

/** Whether the ADD that made the lease still runs: it holds a lock on the file until it ends. */
function isBusy(path: string): boolean {
  const fd = openLease(path);
  if (fd === undefined) return false;
  try {
    flock(fd, 0);
    return false;
  } catch (error) {
    assertErrno(error);
    return isErrno(error, ETIMEDOUT);
  } finally {
    close(fd);
  }
}
