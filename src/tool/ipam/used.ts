import { equalIp, type Ip } from "../../base/ip.ts";
import { CniError } from "../../spec/errors.ts";
import { parseResult } from "../../spec/result-parse.ts";
import type { Attachment } from "../node/attachments.ts";
import type { LeaseView } from "./survey.ts";

/** The addresses that an attachment uses, as the result of its ADD has them; none where that is not known. */
export function addressesOf(attachment: Attachment | undefined): Ip[] {
  const cached = attachment?.cached;
  if (!cached) return [];
  try {
    return parseResult(cached.result, cached.version, "result").ips.map(({ address }) => address.ip);
  } catch (error) {
    if (error instanceof CniError) return [];
    throw error;
  }
}

/** Whether a lease's own attachment is known to use another address in its place, which it holds as well. */
export function isSpare({ lease, attachment, set }: LeaseView, leases: readonly LeaseView[]): boolean {
  const used = addressesOf(attachment);
  const isUsed = (other: LeaseView["lease"]) => used.some((ip) => equalIp(ip, other.ip));
  if (used.length === 0 || isUsed(lease)) return false;
  return leases.some((other) => other.attachment === attachment && other.set === set && isUsed(other.lease));
}
