/** What the owner of a new attachment holds already. */
import type { Ip } from "../../base/ip.ts";
import { formatIp } from "../../base/ip.ts";
import { CniError, INTERNAL } from "../../spec/errors.ts";
import { leasePath, readLease } from "./lease.ts";
import { isGoneForOwner, mayBeDying } from "./life.ts";
import type { Origin } from "./origin.ts";
import { type RangeSet, rangeOf } from "./ranges.ts";
import { finderOf } from "./search.ts";
import type { Applicant, Session } from "./session.ts";

/** A lease of the owner that was there before. */
export interface Earlier {
  readonly ip: Ip;
  /** Whether its attachment is provably gone, so that the owner may have the address again. */
  readonly gone: boolean;
  /** Undefined when unknown, as with every lease of the reference. */
  readonly origin: Origin | undefined;
}

/** The owner's leases in the sets, and those of its container id from before leases knew interfaces. */
export function earlierLeases({ store, owners, applicant }: Session, sets: readonly RangeSet[]): Earlier[] {
  const { owner, here } = applicant;
  const ips = [...owners.addressesOf(owner), ...owners.addressesOf({ id: owner.id })];
  if (ips.length === 0) return [];
  const find = finderOf(sets);
  return ips
    .filter((ip) => find(ip) !== undefined)
    .map((ip) => {
      const origin = readLease(leasePath(store, ip))?.origin;
      return { ip, origin, gone: isGoneForOwner(origin, here) };
    });
}

/** The attachment among them that is still there but may vanish by itself. */
export function dyingOf(earlier: readonly Earlier[], { here, netns }: Applicant): Origin | undefined {
  return earlier.find(({ gone, origin }) => !gone && mayBeDying(origin, here, netns))?.origin;
}

/**
 * The earlier lease in `set` that the owner gets again; undefined when it holds none there.
 * @throws CniError when the earlier attachment is alive, or may be
 */
export function reusable(earlier: readonly Earlier[], set: RangeSet, { owner }: Applicant): Ip | undefined {
  const held = earlier.filter(({ ip }) => rangeOf(set, ip));
  const alive = held.find(({ gone }) => !gone);
  if (!alive) return held[0]?.ip;
  const { veth } = alive.origin ?? {};
  const state = veth ? `it is attached by host interface ${veth.name}` : "its attachment is not known to be gone";
  const message = `${formatIp(alive.ip)} has been allocated to ${owner.id}, duplicate allocation is not allowed`;
  throw new CniError(INTERNAL, message, `interface ${owner.ifname}: ${state}; DEL it first`);
}
