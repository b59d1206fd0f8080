import { ENODEV, messageOf } from "../../base/errno.ts";
import type { Owner } from "../../base/owner.ts";
import { settle } from "../../base/undo.ts";
import type { Host } from "../../host/host.ts";
import { deleteLink } from "../../host/verbs.ts";
import { delegate, delegateCollection } from "../../invoke/delegate.ts";
import { readNetConf } from "../../spec/config.ts";
import type { Collection } from "../../spec/delegate.ts";
import { CniError, INTERNAL, INVALID_ENVIRONMENT } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import { readRemains } from "./config.ts";
import { aliasOf, aliasPrefix } from "./names.ts";
import { IPTABLES, mayHave, removeOthers } from "./rule-kinds.ts";

/**
 * Frees what attachments of this network that are not valid any more left on the machine: host veths, masquerade and
 * spoof-check rules, and at last their addresses, so that nobody is given one that is still in use. Whoever's lease IPAM's own GC spares is
 * alive: an ADD may have begun meanwhile. A caller that gives no list of valid attachments does not know: nothing is
 * touched.
 * @throws CniError when something could not be removed; everything else has been, but for addresses
 */
export function gc(call: Call, host: Host): void {
  const { validAttachments, ipamType } = readNetConf(call.config);
  if (!validAttachments) return;
  const collection = ipamType === undefined ? undefined : delegateCollection(ipamType, call);
  const valid = validAttachments.map((one): Owner => ({ network: call.name, ...one }));
  const alive = () => [...valid, ...(collection?.spared() ?? [])];
  const failures = settle([
    () => removeLinks(host, call.name, alive),
    () => host.masquerade.gc(call.name, alive),
    () => host.rules.spoofCheck().gc(call.name, alive),
    () => removeUnlisted(call, host, collection),
  ]);
  if (failures.length > 0) {
    throw new CniError(
      INTERNAL,
      failures.map(messageOf).join("; "),
      "no address was freed; GC can be repeated",
      failures[0],
    );
  }
  if (collection) collection.collect();
  else if (ipamType !== undefined) forward(ipamType, call);
}

/**
 * What the reference made, and what iptables did, carries no name that a list would show: it is computed from the leases
 * that will be freed.
 */
function removeUnlisted(call: Call, host: Host, collection: Collection | undefined): void {
  const { iptables: configured } = readRemains(call.config);
  const doomed = collection?.doomed().filter((lease) => configured || mayHave(IPTABLES, [lease])) ?? [];
  for (const lease of doomed) {
    const { owner, ours, address } = lease;
    removeOthers(call, host, configured, { owner, addresses: ours ? [address] : undefined, leases: [lease] });
  }
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

/** A link comes after its lease: who is alive is asked when all links have been seen. */
function removeLinks(host: Host, network: string, alive: () => readonly Owner[]): void {
  const links = host.listLinks().filter(({ alias }) => alias.startsWith(aliasPrefix(network)));
  if (links.length === 0) return;
  const kept = new Set(alive().map(aliasOf));
  const stale = links.filter(({ alias }) => !kept.has(alias));
  const failed = host.attempt(stale.map((link) => ({ ...deleteLink(link), tolerate: [ENODEV] })));
  const first = failed.find((failure) => failure !== undefined);
  if (first) throw first;
}
