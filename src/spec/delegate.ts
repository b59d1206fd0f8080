import type { Ip, Prefix } from "../base/ip.ts";
import type { Owner } from "../base/owner.ts";
import type { Route } from "./result.ts";

/** What an IPAM plugin would give, as far as its configuration says. */
export interface Offer {
  /** An attachment gets one address of each set: of one of its subnets, with that one's gateway, if IPAM names one. */
  readonly sets: readonly (readonly { readonly subnet: Prefix; readonly gateway?: Ip | undefined }[])[];
  readonly routes: readonly Route[];
}

/** The link that the addresses of an IPAM plugin went to, as the host's namespace sees it. */
export interface AttachedLink {
  /** Name and ifindex of the host's end. */
  readonly name: string;
  readonly index: number;
  /** SO_NETNS_COOKIE of the container's namespace in decimal; absent where the kernel has none. */
  readonly sandboxCookie?: string;
  /** What else a DEL or GC must look for, a small letter for each kind, which only the caller has to know. Absent: nothing. */
  readonly rules?: string | undefined;
}

/** An address that an owner (container id, ifname) holds. */
export interface OwnedLease {
  readonly address: Ip;
  /** Whether berth wrote the lease; otherwise the reference or a person did, and may have left rules of its own kind. */
  readonly ours: boolean;
  /** The host's end of the link that the address went to, if that was ever known. */
  readonly link?: { readonly name: string; readonly index: number };
  /** As AttachedLink had it; an older berth did not say. */
  readonly rules?: string;
}

/**
 * A GC in steps, for a caller that frees what goes with an address before the address itself. It is about what was there
 * when it began: what is younger stays.
 */
export interface Collection {
  /** Whose leases it will leave, as of now. */
  spared(): Owner[];
  /** The leases that it will free, as of now, and whose they are. */
  doomed(): (OwnedLease & { readonly owner: Owner })[];
  /** Frees those leases. Throws CniError when one cannot be freed; all have been tried. */
  collect(): void;
}
