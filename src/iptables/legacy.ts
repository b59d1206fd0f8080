import { readFile } from "#sys";
import { ENOENT, isErrno } from "../base/errno.ts";
import type { Family } from "../base/ip.ts";

/** Where the kernel lists the tables of the old iptables, whose rules are not nf_tables', under /proc/net. */
const NAMES: Record<Family, string> = { 4: "ip_tables_names", 6: "ip6_tables_names" };

/** Whether the old iptables has a table of this name in this namespace. @throws SysError, EACCES for all but root */
export function hasLegacyTable(family: Family, table: string): boolean {
  try {
    return readFile(`/proc/net/${NAMES[family]}`).split("\n").includes(table);
  } catch (error) {
    if (isErrno(error, ENOENT)) return false;
    throw error;
  }
}
