import { ENODEV, messageOf } from "../../base/errno.ts";
import type { Owner } from "../../base/owner.ts";
import { settle } from "../../base/undo.ts";
import type { Host } from "../../host/host.ts";
import { deleteLink, type Link } from "../../host/verbs.ts";
import { delegate, delegateOwners } from "../../invoke/delegate.ts";
import { readNetConf } from "../../spec/config.ts";
import { CniError, INTERNAL, INVALID_ENVIRONMENT } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import { aliasOf, aliasPrefix } from "./names.ts";

/**
 * Frees what attachments of this network that are not valid any more left on the machine: addresses, host veths,
 * masquerade rules. Whoever holds a lease after IPAM's own GC is alive (an ADD may have begun meanwhile).
 * A caller that gives no list of valid attachments does not know: nothing is touched.
 * @throws CniError when something could not be removed; everything else has been
 */
export function gc(call: Call, host: Host): void {
  const { validAttachments, ipamType } = readNetConf(call.config);
  if (!validAttachments) return;
  const valid = validAttachments.map((one): Owner => ({ network: call.name, ...one }));
  // What appears after this moment belongs to an ADD that the caller's list cannot know of.
  const links = host.listLinks().filter(({ alias }) => alias.startsWith(aliasPrefix(call.name)));
  const failures = ipamType === undefined ? [] : settle([() => forward(ipamType, call)]);
  const alive = ipamType === undefined ? valid : [...valid, ...delegateOwners(ipamType, call)];
  failures.push(...settle([() => removeLinks(host, links, alive), () => host.masquerade.gc(call.name, alive)]));
  if (failures.length === 0) return;
  throw new CniError(INTERNAL, failures.map(messageOf).join("; "), "everything else has been freed; GC can be repeated", failures[0]);
}

/** An IPAM plugin of an older spec knows no GC: its leases are its own affair then. */
function forward(ipam: string, call: Call): void {
  try {
    delegate(ipam, "GC", call);
  } catch (error) {
    if (!(error instanceof CniError) || error.code !== INVALID_ENVIRONMENT) throw error;
    call.warn(`the ${ipam} plugin does no GC: ${error.text}`);
  }
}

function removeLinks(host: Host, links: readonly Link[], alive: readonly Owner[]): void {
  const kept = new Set(alive.map(aliasOf));
  const stale = links.filter(({ alias }) => !kept.has(alias));
  const failed = host.attempt(stale.map(({ index }) => ({ ...deleteLink(index), tolerate: [ENODEV] })));
  const first = failed.find((failure) => failure !== undefined);
  if (first) throw first;
}
