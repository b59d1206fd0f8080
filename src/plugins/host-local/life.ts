/** Which attachments are provably gone: DESIGN §5, that definition and no other. */

import {
  boottime,
  close,
  hasIfindex,
  inNetns,
  monotonic,
  namespaceType,
  netlinkOpen,
  netnsCookie,
  open,
  sleep,
} from "#sys";
import { assertErrno } from "../../base/errno.ts";
import { bootId } from "../../sys/boot.ts";
import { CLONE_NEWNET, O } from "../../sys/flags.ts";
import type { Origin } from "./origin.ts";

/** Where and when this process runs. */
export interface Here {
  /** The running boot, as in Origin; empty when the kernel does not say. */
  readonly boot: string;
  /** Cookie of this process's network namespace; undefined before Linux 5.14. */
  readonly host: string | undefined;
}

/** How old the lease of a vanished link must be before it is given to somebody else, in seconds. */
const GRACE_S = 600;
const POLL_MS = 10;

export function readHere(): Here {
  return { boot: bootId(), host: ownCookie() };
}

/** CLOCK_BOOTTIME in seconds, rounded up to the millisecond, as attachments record it. */
export function now(): number {
  return Math.ceil(boottime() * 1000) / 1000;
}

/** Why an attachment is provably gone, for the log; undefined when that cannot be proven. An unknown one never is. */
export function goneBecause(origin: Origin | undefined, here: Here): string | undefined {
  if (!origin) return undefined;
  if (isOfEarlierBoot(origin, here)) return "it was made before the last boot";
  if (!hasLostLink(origin, here) || now() - origin.time <= GRACE_S) return undefined;
  return `its host interface ${origin.veth?.name} no longer exists`;
}

/** As goneBecause for the owner itself, who need not wait until the grace is over. */
export function isGoneForOwner(origin: Origin | undefined, here: Here): boolean {
  return origin !== undefined && (isOfEarlierBoot(origin, here) || hasLostLink(origin, here));
}

/**
 * Whether an attachment that is still there may be about to go: it is of another network namespace than `netns`, the one
 * that its owner is being attached in now. False when either namespace is unknown.
 */
export function mayBeDying(origin: Origin | undefined, here: Here, netns: string): boolean {
  if (!origin?.veth || origin.sandbox === undefined || origin.host !== here.host) return false;
  const cookie = cookieOf(netns);
  return cookie !== undefined && cookie !== origin.sandbox;
}

/** Waits until an attachment's link is gone, but not beyond `deadline` (monotonic, ms). The kernel removes it some time after its namespace. */
export function awaitLoss(origin: Origin, here: Here, deadline: number): void {
  while (!hasLostLink(origin, here) && monotonic() < deadline) sleep(POLL_MS);
}

function isOfEarlierBoot(origin: Origin, here: Here): boolean {
  return here.boot !== "" && origin.boot !== here.boot;
}

/** Only the namespace that the link was made in can say so. By index alone: under another name the link still exists. */
function hasLostLink({ host, veth }: Origin, here: Here): boolean {
  return veth !== undefined && host !== undefined && host === here.host && !hasIfindex(veth.index);
}

function ownCookie(): string | undefined {
  try {
    const socket = netlinkOpen(0);
    const cookie = netnsCookie(socket);
    close(socket);
    return cookie;
  } catch (error) {
    assertErrno(error);
    return undefined;
  }
}

/** Cookie of the network namespace at `path`; undefined when there is none, or it cannot be entered. */
function cookieOf(path: string): string | undefined {
  let fd: number | undefined;
  try {
    const opened = open(path, O.RDONLY | O.NONBLOCK);
    fd = opened;
    return namespaceType(opened) === CLONE_NEWNET ? inNetns(opened, ownCookie) : undefined;
  } catch (error) {
    assertErrno(error);
    return undefined;
  } finally {
    if (fd !== undefined) close(fd);
  }
}
