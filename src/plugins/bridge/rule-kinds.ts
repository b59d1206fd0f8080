import type { OwnedLease } from "../../spec/delegate.ts";

/** The rules that DEL and GC do not look for unless the configuration, or the lease (AttachedLink.rules), says so. */
export const SPOOF_CHECK = "s";
export const IPTABLES = "i";

/**
 * Whether there may be rules of a kind that the configuration does not ask for; `leases` undefined: they are unknown. What
 * berth's own ADD made, its leases say when it came to its end, which is when they name the link.
 */
export function mayHave(kind: string, leases: readonly OwnedLease[] | undefined): boolean {
  return !leases?.every(({ ours, link, rules }) => ours && link && !rules?.includes(kind));
}
