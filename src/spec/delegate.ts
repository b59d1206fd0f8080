import type { Ip } from "../base/ip.ts";
import type { Owner } from "../base/owner.ts";

/** The link that the addresses of an IPAM plugin went to, as the host's namespace sees it. */
export interface AttachedLink {
  /** Name and ifindex of the host's end. */
  readonly name: string;
  readonly index: number;
  /** SO_NETNS_COOKIE of the container's namespace in decimal; absent where the kernel has none. */
  readonly sandboxCookie?: string;
}

/** What a plugin answered. */
export interface Reply {
  /** Exit status: 0, or 1 with error JSON on stdout. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Given by an in-process IPAM plugin after ADD: tells it which link its addresses belong to, once that exists. */
  readonly attached?: (link: AttachedLink) => void;
  /** Takes back what the call did, as far as it can: for a result that could not be delivered. Present after a successful ADD. */
  readonly rollback?: () => void;
}

/** An address that an owner (container id, ifname) holds. */
export interface OwnedLease {
  readonly address: Ip;
  /** Whether berth wrote the lease; otherwise the reference or a person did, and may have left rules of its own kind. */
  readonly ours: boolean;
  /** The host's end of the link that the address went to, if that was ever known. */
  readonly link?: { readonly name: string; readonly index: number };
}

/**
 * A GC in steps, for a caller that frees what goes with an address before the address itself. It is about what was there
 * when it began: what is younger stays.
 */
export interface Collection {
  /** Whose leases it will leave, as of now. */
  spared(): Owner[];
  /** Frees all other leases. Throws CniError when one cannot be freed; all have been tried. */
  collect(): void;
}

/** A plugin that this executable holds, run without a process: same environment, same stdin, same answer. */
export interface Delegate {
  call(env: ReadonlyMap<string, string>, stdin: string): Reply;
  /**
   * IPAM plugins only: the leases of CNI_CONTAINERID and CNI_IFNAME, read without changing anything, whatever the
   * state of the ranges. A caller that removes rules before addresses asks this first.
   */
  leases?(env: ReadonlyMap<string, string>, stdin: string): OwnedLease[];
  /** IPAM plugins only: begins the GC that the request asks for. */
  collection?(env: ReadonlyMap<string, string>, stdin: string): Collection;
}

/** The plugins of this executable by name. */
export type Delegates = ReadonlyMap<string, Delegate>;
