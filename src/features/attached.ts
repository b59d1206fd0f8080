import type { Prefix } from "../base/ip.ts";
import { type Mac, parseMac } from "../base/mac.ts";
import type { Owner } from "../base/owner.ts";
import type { OwnedLease } from "../spec/delegate.ts";
import type { Result } from "../spec/result.ts";

/** Attachments as features know them. */

/** The link of an attachment. */
export interface Port {
  /** Name of the host's end. */
  readonly name: string;
  /** Its index; absent where only an earlier result tells of it. */
  readonly index?: number;
  /** MAC address of the container's end. */
  readonly mac: Mac;
}

/** An attachment that is there, or nearly so. */
export interface Attached {
  readonly owner: Owner;
  readonly port: Port;
  readonly addresses: readonly Prefix[];
  /** Says something to the operator. */
  warn?(line: string): void;
}

/** An attachment that is to go. */
export interface Leaving {
  readonly owner: Owner;
  /** What its leases say; undefined: a foreign IPAM plugin has them. */
  readonly leases: readonly OwnedLease[] | undefined;
  /** Says something to the operator. */
  warn(line: string): void;
}

/** What a GC knows. */
export interface Collecting {
  readonly network: string;
  /** The owners whose rules stay: asked when the rules have been seen. */
  alive(): readonly Owner[];
  /** The leases that it will free. */
  doomed(): readonly (OwnedLease & { readonly owner: Owner })[];
  /** Says something to the operator. */
  warn(line: string): void;
}

/**
 * Whether there may be rules of a letter that the configuration does not ask for; `leases` undefined: they are unknown. What
 * berth's own ADD made, its leases say when it came to its end, which is when they name the link.
 */
export function mayHave(letter: string, leases: readonly OwnedLease[] | undefined): boolean {
  return !leases?.every(({ ours, link, rules }) => ours && link && !rules?.includes(letter));
}

/** The MAC address of the container's interface `ifname`, as a result has it: no bytes where it does not say. */
export function macOf({ interfaces }: Result, ifname: string): Mac {
  const inner = interfaces.findLast(({ name, sandbox }) => name === ifname && sandbox);
  return parseMac(inner?.mac ?? "") ?? new Uint8Array();
}
