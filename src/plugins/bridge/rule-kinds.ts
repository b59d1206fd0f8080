import { EACCES, isErrno, messageOf } from "../../base/errno.ts";
import { Explained } from "../../base/explained.ts";
import type { Ip } from "../../base/ip.ts";
import type { Owner } from "../../base/owner.ts";
import type { Host } from "../../host/host.ts";
import type { Backend } from "../../host/masquerade.ts";
import type { OwnedLease } from "../../spec/delegate.ts";
import type { Call } from "../../spec/plugin.ts";

/** The rules that DEL and GC do not look for unless the configuration, or the lease (AttachedLink.rules), says so. */
export const SPOOF_CHECK = "s";
export const IPTABLES = "i";

/** The kinds of rules that an ADD made beside the default's, for the lease. `backend`: what masquerades, if anything does. */
export function kindsOf(macspoofchk: boolean, backend: Backend | undefined): string {
  return (macspoofchk ? SPOOF_CHECK : "") + (backend === "iptables" ? IPTABLES : "");
}

/**
 * Whether there may be rules of a kind that the configuration does not ask for; `leases` undefined: they are unknown. What
 * berth's own ADD made, its leases say when it came to its end, which is when they name the link.
 */
export function mayHave(kind: string, leases: readonly OwnedLease[] | undefined): boolean {
  return !leases?.every(({ ours, link, rules }) => ours && link && !rules?.includes(kind));
}

/** Whose rules are to be removed: of these addresses, or of all that the owner has. */
interface Masqueraded {
  readonly owner: Owner;
  readonly addresses: readonly Ip[] | undefined;
  readonly leases: readonly OwnedLease[] | undefined;
}

/**
 * Removes what iptables or the reference masquerades. Who may not look for the rules of the old iptables, which only root
 * makes, has made none: the call fails then only where it is known that there are some. @throws NetlinkError, SysError, Explained
 */
export function removeOthers(
  call: Call,
  host: Host,
  configured: boolean,
  { owner, addresses, leases }: Masqueraded,
): void {
  try {
    host.rules.iptables().remove(owner, addresses);
  } catch (error) {
    const known = configured || leases?.some(({ rules }) => rules?.includes(IPTABLES));
    if (!isErrno(error, EACCES)) throw error;
    if (known)
      throw new Explained(messageOf(error), "only root may see and remove the rules of the old iptables", error);
    call.warn(`whether the old iptables has rules of ${owner.containerId} cannot be seen: ${messageOf(error)}`);
  }
}
