import { close, deferSignals, lstat, setxattr } from "#sys";
import { ENOENT, ENOTDIR, isErrno } from "../../base/errno.ts";
import { settle } from "../../base/undo.ts";
import type { AttachedLink } from "../../spec/delegate.ts";
import type { AddOutcome, Call } from "../../spec/plugin.ts";
import type { Result } from "../../spec/result.ts";
import { allocate } from "./allocate.ts";
import { type Place, readPlace, readPod, readPool, readWishes } from "./config.ts";
import { failWith } from "./failures.ts";
import { leasePath, removeLease, writeAttribute } from "./lease.ts";
import { readHere } from "./life.ts";
import { encodeOrigin, XATTR } from "./origin.ts";
import { usingOwners } from "./owners.ts";
import { recordText } from "./record.ts";
import { readResolvConf } from "./resolv.ts";
import { type Applicant, isSameFile, type Taken } from "./session.ts";
import { openStore, type Store } from "./store.ts";

/** What an ADD of host-local gives. */
export interface Leased extends AddOutcome {
  attached(link: AttachedLink): void;
  rollback(): void;
  release(): void;
}

/**
 * Leases an address of each range set: `{ips, routes, dns}`.
 * @throws CniError; nothing is leased then that was not before
 */
export function add(call: Call): Leased {
  const place = readPlace(call.config, call.name);
  const pool = readPool(call);
  call.vet?.(pool);
  const wishes = readWishes(call);
  const dns = pool.resolvConf === undefined ? {} : readResolvConf(pool.resolvConf);
  const { containerId, ifname, netns } = call.env;
  const applicant: Applicant = {
    owner: { id: containerId, ifname },
    netns,
    pod: readPod(call),
    here: readHere(),
    warn: call.warn,
  };
  const taken = allocate(place, pool.sets, wishes, applicant);
  const ips = taken.map(({ ip, range }) => ({
    address: { ip, length: range.subnet.length },
    gateway: range.gateway,
  }));
  const result: Result = { interfaces: [], ips, routes: pool.routes, dns };
  return {
    result,
    attached: (link) => markAttached(taken, link),
    rulesBefore: taken.find(({ origin }) => origin.rules)?.origin.rules,
    rollback: () => takeBack(place, applicant, taken),
    release: () => {
      for (const { fd } of taken) close(fd);
    },
  };
}

/** Adds to the leases which link they are for. What cannot be stored makes a lease that is never reclaimed. */
function markAttached(taken: readonly Taken[], link: AttachedLink): void {
  const veth = { name: link.name, index: link.index };
  for (const { fd, origin } of taken) {
    writeAttribute(fd, encodeOrigin({ ...origin, veth, sandbox: link.sandboxCookie, rules: link.rules }));
  }
}

/** Takes an ADD back: the leases that it made go, those that it took over are what they were. All are tried. */
function takeBack(place: Place, applicant: Applicant, taken: readonly Taken[]): void {
  const record = recordText(applicant.owner);
  deferSignals(() => {
    const store = openStore(place, false);
    if (!store) return;
    const failures = usingOwners(store, applicant.warn, (owners) =>
      settle(taken.map((lease) => () => releaseOne(store, lease, () => owners.removed(record, lease.ip)))),
    );
    failWith(failures);
  });
}

function releaseOne(store: Store, { ip, fd, before }: Taken, removed: () => void): void {
  const path = leasePath(store, ip);
  if (before !== undefined) setxattr(fd, XATTR, before);
  else if (isStill(fd, path) && removeLease(path)) removed();
  close(fd);
}

/** Whether the lease is the one that was made, and not another owner's since. */
function isStill(fd: number, path: string): boolean {
  try {
    return isSameFile(fd, lstat(path));
  } catch (error) {
    if (isErrno(error, ENOENT, ENOTDIR)) return false;
    throw error;
  }
}
