import { stat } from "#sys";
import { attempt } from "../../base/attempt.ts";
import type { Owner } from "../../base/owner.ts";
import { goneBecause, readHere } from "../../plugins/host-local/life.ts";
import type { Link } from "../../rtnl/read-link.ts";
import { ownerOfAlias } from "../../veth/names.ts";
import type { CachedAttachment } from "./cache.ts";
import type { Lease } from "./leases.ts";

/** A container's place in a network, as all that this node knows of it says together. */
export interface Attachment {
  readonly owner: Owner;
  /** Kubernetes' names, where the runtime gave them. */
  readonly pod: { readonly namespace: string; readonly name: string } | undefined;
  /** libcni's memory of the ADD. */
  readonly cached: CachedAttachment | undefined;
  readonly leases: readonly Lease[];
  /** The host's end of its veth pair, known by its alias. */
  readonly link: Link | undefined;
  readonly life: Life;
}

/** alive: its link or its namespace is there. gone: provably not, and why. unknown: nothing says. */
export type Life =
  | { readonly is: "alive" }
  | { readonly is: "gone"; readonly because: string }
  | { readonly is: "unknown" };

/** Joins by owner what was found: in the cache, in the leases, among the links of the host. In the order of the owners' names. */
export function joinAttachments(
  cached: readonly CachedAttachment[],
  leases: readonly Lease[],
  links: readonly Link[],
): Attachment[] {
  const found = new Map<string, Parts>();
  const of = (owner: Owner): Parts => {
    const key = `${owner.network}/${owner.containerId}/${owner.ifname}`;
    const parts = found.get(key) ?? { owner, cached: undefined, leases: [], link: undefined };
    found.set(key, parts);
    return parts;
  };
  for (const entry of cached) of(entry.owner).cached = entry;
  for (const lease of leases) {
    const { network, holder } = lease;
    if (holder) of({ network, containerId: holder.id, ifname: holder.ifname ?? "" }).leases.push(lease);
  }
  for (const link of links) {
    const owner = ownerOfAlias(link.alias);
    if (owner) of(owner).link = link;
  }
  const keys = [...found.keys()].sort();
  return keys.flatMap((key) => {
    const parts = found.get(key);
    return parts ? { ...parts, pod: podOf(parts), life: lifeOf(parts) } : [];
  });
}

interface Parts {
  readonly owner: Owner;
  cached: CachedAttachment | undefined;
  readonly leases: Lease[];
  link: Link | undefined;
}

function podOf({ cached, leases }: Parts): Attachment["pod"] {
  const namespace = cached?.args.get("K8S_POD_NAMESPACE");
  const name = cached?.args.get("K8S_POD_NAME");
  if (namespace && name) return { namespace, name };
  const [first, second] = leases.find(({ origin }) => origin?.pod)?.origin?.pod?.split("/") ?? [];
  return first && second ? { namespace: first, name: second } : undefined;
}

function lifeOf({ cached, leases, link }: Parts): Life {
  if (link) return { is: "alive" };
  const here = readHere();
  const because = leases.map(({ origin }) => goneBecause(origin, here)).find((reason) => reason !== undefined);
  if (because !== undefined) return { is: "gone", because };
  if (cached?.netns === undefined) return { is: "unknown" };
  if (isNamespace(cached.netns)) return { is: "alive" };
  return { is: "gone", because: `its network namespace ${cached.netns} is no longer there` };
}

/** Whether a path still leads to a namespace: the file of one that was unmounted may stay, and is empty then. */
function isNamespace(path: string): boolean {
  const found = attempt(() => stat(path));
  return found !== undefined && isOfNsfs(found.id);
}

/** All namespaces are on one file system: this process's own is on it too. */
function isOfNsfs(id: string): boolean {
  return deviceOf(id) === deviceOf(stat("/proc/self/ns/net").id);
}

const deviceOf = (id: string): string => id.slice(0, id.indexOf("-"));
