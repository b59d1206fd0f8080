import { deferSignals, sha512 } from "#sys";
import { EEXIST, EINVAL, ENODEV, ENOENT, EOPNOTSUPP, EPERM, isErrno, messageOf } from "../../base/errno.ts";
import type { Owner } from "../../base/owner.ts";
import type { Undo } from "../../base/undo.ts";
import type { Host } from "../../host/host.ts";
import { addRedirection } from "../../rtnl/filter.ts";
import { addIfb } from "../../rtnl/kinds/ifb.ts";
import { deleteLink, setAlias } from "../../rtnl/link.ts";
import { addIngress, addTbf, deleteQdisc } from "../../rtnl/qdisc.ts";
import type { Link } from "../../rtnl/read-link.ts";
import { INGRESS, ROOT } from "../../rtnl/tc.ts";
import { CniError, INTERNAL, INVALID_CONFIG } from "../../spec/errors.ts";
import { bucketOf, type Limit } from "./bucket.ts";

/** Shaping what a container receives and sends, at the host's end of its link. */

export interface ShapingWish {
  /** To the container; absent: as much as there is. */
  readonly ingress?: Limit;
  /** From it. */
  readonly egress?: Limit;
}

/**
 * The device that all goes through which a container sends: the reference's name for it, of which there is one for a container
 * and a network.
 */
export function ifbName({ network, containerId }: Pick<Owner, "network" | "containerId">): string {
  return `bwp${sha512(network + containerId).slice(0, 12)}`;
}

type Request = Parameters<Host["change"]>[number];

/** A request, and what takes it back. */
interface Step {
  readonly request: Request;
  readonly inverse?: Request;
}

/** Where it is made, and whose it is. */
export interface Site {
  readonly host: Host;
  readonly undo: Undo;
  /** The host's end. */
  readonly outer: Link;
  /** Name and alias of the device for what the container sends. */
  readonly ifb: { readonly name: string; readonly alias: string };
}

/**
 * Shapes the link as wished; `undo` gets the inverse of each effect. Returns the device that what the container sends goes
 * through, if there is one. @throws CniError where the link is shaped already, or the kernel cannot
 */
export function shape(site: Site, { ingress, egress }: ShapingWish): Link | undefined {
  const { outer, ifb } = site;
  const removal = { ...deleteLink(ifb.name), tolerate: [ENODEV] };
  const first: Step[] = [
    ...(ingress ? [tbfStep(outer, ingress)] : []),
    ...(egress ? [{ request: addIfb({ name: ifb.name, mtu: outer.mtu }), inverse: removal }] : []),
  ];
  make(site, first);
  if (!egress) return undefined;
  const link = site.host.findLink(ifb.name);
  if (!link) throw failure(site, "find", "something else on this machine has removed it");
  make(site, [
    { request: setAlias(link, ifb.alias) },
    { request: addIngress(outer), inverse: deleteQdisc({ dev: outer, parent: INGRESS }) },
    { request: addRedirection(outer, link) },
    tbfStep(link, egress),
  ]);
  return link;
}

function tbfStep(dev: Link, limit: Limit): Step {
  return { request: addTbf(dev, bucketOf(limit)), inverse: deleteQdisc({ dev, parent: ROOT }) };
}

/** No signal comes between what is done and the note of how to take it back. */
function make(site: Site, steps: readonly Step[]): void {
  const { host, undo, outer } = site;
  const takeBackLater = ({ inverse }: Step) => {
    if (inverse) undo.push(() => host.change({ ...inverse, tolerate: [ENODEV, ENOENT] }));
  };
  const failures = deferSignals(() => {
    try {
      const outcome = host.attempt(steps.map(({ request }) => request));
      steps.filter((_, i) => !outcome[i]).forEach(takeBackLater);
      return outcome;
    } catch (error) {
      // The answer is lost, and what was done is not known. All of it goes: of this link, nothing else is to be shaped so.
      steps.forEach(takeBackLater);
      throw error;
    }
  });
  const at = failures.findIndex((one) => one !== undefined);
  const error = failures[at];
  if (!error) return;
  if (isErrno(error, ENODEV) && !host.findLink(outer.index)) {
    throw failure(site, "shape", "it was removed meanwhile: has the container ended?", error);
  }
  throw failure(site, "shape", remedyFor(error, site), error);
}

function failure({ outer }: Site, what: string, remedy: string, cause?: unknown): CniError {
  const reason = cause ? `: ${messageOf(cause)}` : "";
  const code = isErrno(cause, EINVAL) ? INVALID_CONFIG : INTERNAL;
  return new CniError(code, `failed to ${what} "${outer.name}"${reason}`, remedy, cause);
}

function remedyFor(error: unknown, { outer, ifb }: Site): string {
  if (isErrno(error, EEXIST)) {
    return `somebody shapes it already: see tc qdisc show dev ${outer.name} and ip link show ${ifb.name}; what an earlier ADD made goes with a DEL`;
  }
  if (isErrno(error, ENOENT, EOPNOTSUPP)) {
    return "does the kernel have what shaping needs (modprobe -a sch_tbf sch_ingress cls_u32 act_mirred ifb)?";
  }
  if (isErrno(error, EINVAL)) return "the burst is less than a byte at that rate: raise ingressBurst or egressBurst";
  return isErrno(error, EPERM) ? "does the plugin run as root (CAP_NET_ADMIN)?" : "";
}

/** Removes the device, and with it all that shaped what the container sent. Absent is success. @throws NetlinkError */
export function unshape(host: Host, name: string): void {
  const link = host.findLink(name);
  if (link?.kind === "ifb") host.change({ ...deleteLink(link), tolerate: [ENODEV] });
}
