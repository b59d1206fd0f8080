import { readdir } from "#sys";
import { assertErrno, messageOf } from "../../base/errno.ts";
import type { Ip } from "../../base/ip.ts";
import { leaseAddress } from "./record.ts";

/** A file that is named after an address. */
export interface LeaseName {
  readonly path: string;
  readonly ip: Ip;
}

/** The files in a lease directory that are named after addresses, in the kernel's order. */
export function leaseNames(directory: string): LeaseName[] {
  const found: LeaseName[] = [];
  for (const name of readdir(directory)) {
    const ip = leaseAddress(name);
    if (ip) found.push({ path: `${directory}/${name}`, ip });
  }
  return found;
}

/**
 * Reads each of the files with `read` (of lease.ts) and shows it to `visit`; what is no regular file is passed over.
 * Returns the failure of one that could not be read, which `warn` is told; undefined when there was none.
 */
export function eachLease<T>(
  names: readonly LeaseName[],
  warn: (line: string) => void,
  read: (path: string) => T | undefined,
  visit: (content: T, ip: Ip) => void,
): unknown {
  let failure: unknown;
  for (const { path, ip } of names) {
    try {
      const content = read(path);
      if (content !== undefined) visit(content, ip);
    } catch (error) {
      assertErrno(error);
      failure = error;
      warn(`cannot read lease ${path}: ${messageOf(error)}`);
    }
  }
  return failure;
}
