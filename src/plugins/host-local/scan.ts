import { readdir } from "#sys";
import { errnoOf, messageOf } from "../../base/errno.ts";
import type { Ip } from "../../base/ip.ts";
import { readRecord } from "./lease.ts";
import { leaseAddress } from "./record.ts";

/** The names in a lease directory that are addresses, in the kernel's order. */
export function leaseNames(directory: string): string[] {
  return readdir(directory).filter((name) => leaseAddress(name) !== undefined);
}

/**
 * Shows `visit` the record of every lease in `names`; what is no regular file is passed over. Returns false when one could
 * not be read, which `warn` is told.
 */
export function eachRecord(
  directory: string,
  names: readonly string[],
  warn: (line: string) => void,
  visit: (record: string, ip: Ip) => void,
): boolean {
  let complete = true;
  for (const name of names) {
    const ip = leaseAddress(name);
    if (!ip) continue;
    try {
      const record = readRecord(`${directory}/${name}`);
      if (record) visit(record, ip);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      complete = false;
      warn(`cannot read lease ${directory}/${name}: ${messageOf(error)}`);
    }
  }
  return complete;
}
