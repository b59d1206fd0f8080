import { ENODEV, messageOf } from "../base/errno.ts";
import type { Owner } from "../base/owner.ts";
import { settle } from "../base/undo.ts";
import { delegate, delegateCollection } from "../delegate/delegate.ts";
import { allFeatures, type Wishes } from "../features/all.ts";
import type { Machine } from "../features/machine.ts";
import type { Host } from "../host/host.ts";
import { deleteLink } from "../rtnl/link.ts";
import { readNetConf } from "../spec/config.ts";
import { CniError, INTERNAL, INVALID_ENVIRONMENT } from "../spec/errors.ts";
import type { Call } from "../spec/plugin.ts";
import { aliasOf, aliasPrefix } from "./names.ts";

/**
 * Frees what attachments of this network that are not valid any more left on the machine: endpoint records, host veths, masquerade and
 * spoof-check rules, and at last their addresses, so that nobody is given one that is still in use. Whoever's lease IPAM's own GC spares is
 * alive: an ADD may have begun meanwhile. A caller that gives no list of valid attachments does not know: nothing is
 * touched.
 * @throws CniError when something could not be removed; everything else has been, but for addresses
 */
export function gc(call: Call, host: Machine, wishes: Wishes): void {
  const { validAttachments, ipamType } = readNetConf(call.config);
  if (!validAttachments) return;
  const collection = ipamType === undefined ? undefined : delegateCollection(ipamType, call);
  const valid = validAttachments.map((one): Owner => ({ network: call.name, ...one }));
  const alive = () => [...valid, ...(collection?.spared() ?? [])];
  const doomed = () => collection?.doomed() ?? [];
  const collecting = { network: call.name, alive, doomed, warn: call.warn };
  const features = allFeatures(wishes).map(({ feature, wish }) => ({
    isFirst: feature.binds === "service",
    collect: () => feature.gc(host, wish, collecting),
  }));
  const failures = settle([
    ...features.flatMap(({ isFirst, collect }) => (isFirst ? [collect] : [])),
    () => removeLinks(host, call.name, alive),
    ...features.flatMap(({ isFirst, collect }) => (isFirst ? [] : [collect])),
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
