import { ENODEV, messageOf } from "../base/errno.ts";
import { Explained } from "../base/explained.ts";
import type { Owner } from "../base/owner.ts";
import { settle } from "../base/undo.ts";
import { delegate, delegateLeases } from "../delegate/delegate.ts";
import { removeAll } from "../features/all.ts";
import type { Feature } from "../features/feature.ts";
import type { Machine } from "../features/machine.ts";
import type { Host } from "../host/host.ts";
import type { Sandbox } from "../host/sandbox.ts";
import { deleteLink, IFF_UP } from "../rtnl/link.ts";
import { forgetNeigh } from "../rtnl/neigh.ts";
import type { Link } from "../rtnl/read-link.ts";
import type { OwnedLease } from "../spec/delegate.ts";
import { CniError, INTERNAL } from "../spec/errors.ts";
import type { Call } from "../spec/plugin.ts";
import { outerOf } from "./check.ts";
import type { Remains } from "./config.ts";
import { ALIAS_PREFIX, aliasOf, hostVethName } from "./names.ts";
import { ownerOf } from "./plan.ts";

/**
 * Takes an attachment down: what leads others to it, rules, then link, then addresses. Every step is tried, what is not there
 * counts as done.
 * (Rules first: the kernel frees them in the background while the link goes, or else we would wait for that at exit.)
 * The configuration may have changed since, the namespace and the earlier result may be gone.
 * @throws CniError for what a retry can mend
 */
export function del(call: Call, host: Machine, remains: Remains): void {
  const owner = ownerOf(call);
  const { ipam, bridge, wishes } = remains;
  let leases: readonly OwnedLease[] | undefined = [];
  let removed = false;
  const remove = (binds: Feature<unknown>["binds"]) =>
    removeAll(binds, host, wishes, { owner, leases, warn: call.warn });
  const outer = new OwnLink(host, owner);
  const failures = settle([
    () => remove("service"),
    () => {
      call.phase?.("lease");
      if (ipam !== undefined) leases = delegateLeases(ipam, call);
      call.phase?.("rules");
    },
    () => {
      if (leases?.length !== 0 || wasRobbed(call, owner, outer)) remove("addresses");
    },
    // Either takes the other with it.
    () => {
      call.phase?.("link");
      removed = removeOuter(host, owner, outer, leases ?? [], bridge === undefined);
    },
    () => removeInner(call, host, owner, bridge, removed ? undefined : (leases ?? [])),
    () => remove("link"),
    () => {
      if (!removed && bridge !== undefined) settle([() => forgetNeighbours(host, bridge, leases ?? [])]);
    },
  ]);
  // A lease says that there may be rules: it stays for the next DEL while one of them could not be removed.
  call.phase?.("lease");
  if (ipam !== undefined && failures.length === 0) delegate(ipam, "DEL", call);
  if (failures.length) throw combined(failures);
}

/** The container's end, unless it went with the host's (`leases` undefined). A wrong CNI_NETNS is told all the same. */
function removeInner(
  call: Call,
  host: Host,
  owner: Owner,
  bridgeName: string | undefined,
  leases: readonly OwnedLease[] | undefined,
): void {
  const { netns, ifname } = call.env;
  const sandbox = host.openSandboxIfThere(netns, call.warn);
  const inner = leases && sandbox?.findLink(ifname);
  if (!sandbox || !inner) return;
  const outer = inner.kind === "veth" ? outerOf(host, inner) : undefined;
  const known = leases.length > 0 || hasResult(call);
  const bridge = () => (bridgeName === undefined ? undefined : host.findLink(bridgeName));
  const ours = outer?.alias.startsWith(ALIAS_PREFIX)
    ? outer.alias === aliasOf(owner)
    : inner.kind === "veth" && (known || (outer && (isPort(outer, bridge()) || isHalfMade(sandbox, inner, outer))));
  if (ours) sandbox.change({ ...deleteLink(inner.index), tolerate: [ENODEV] });
  else call.warn(`${ifname} in ${netns} is not of network ${owner.network}: it is left as it is`);
}

/*
 * Whose an interface of the container's is: ADD fails where somebody else has the name, and the DEL that follows must not
 * take that from the container. An alias says so; else a lease or an earlier result must speak for it, or what follows.
 */

function isPort({ master }: Link, bridge: Link | undefined): boolean {
  return master !== 0 && master === bridge?.index;
}

/** As an ADD of the reference leaves it that is killed before it joins the bridge: nobody uses it. */
function isHalfMade(sandbox: Sandbox, inner: Link, outer: Link): boolean {
  const untouched = outer.master === 0 && /^veth[0-9a-f]{8}$/.test(outer.name) && !(inner.flags & IFF_UP);
  return untouched && sandbox.listAddrs(inner.index).length === 0;
}

function hasResult({ config }: Call): boolean {
  return Boolean((config as { prevResult?: unknown }).prevResult);
}

/**
 * The host's end, found by name and known by its alias, and what the bridge's neighbours are known to be. A killed ADD may not
 * have come to setting the alias. Returns whether one with it was there, a port unless `alone`, and so its peer is gone and
 * all forgotten.
 */
function removeOuter(host: Host, owner: Owner, outer: OwnLink, leases: readonly OwnedLease[], alone: boolean): boolean {
  const own = outer.name;
  const names = [own];
  for (const { link } of leases) if (link && !names.includes(link.name)) names.push(link.name);
  let removed = false;
  for (const name of names) {
    const link = name === own ? outer.find() : host.findLink(name);
    if (link?.kind !== "veth") continue;
    const named = link.alias === aliasOf(owner);
    if (!named && (link.alias !== "" || name !== own)) continue;
    const removal = { ...deleteLink(link.index), tolerate: [ENODEV] };
    const [failure] = host.attempt([removal, ...(link.master ? forgotten(link.master, leases) : [])]);
    if (failure) throw failure;
    removed ||= named && (alone || link.master !== 0);
  }
  return removed;
}

/** Whether somebody removed the leases of an attachment by hand: its link is there, or its result. */
function wasRobbed(call: Call, owner: Owner, outer: OwnLink): boolean {
  return hasResult(call) || outer.find()?.alias === aliasOf(owner);
}

/** The link that has the name of the owner's host end, asked for once. */
class OwnLink {
  readonly name: string;
  readonly #host: Host;
  #found: { readonly link: Link | undefined } | undefined;

  constructor(host: Host, owner: Owner) {
    this.#host = host;
    this.name = hostVethName(owner);
  }

  find(): Link | undefined {
    this.#found ??= { link: this.#host.findLink(this.name) };
    return this.#found.link;
  }
}

/** Where the host's end is gone, or was taken out of the bridge. */
function forgetNeighbours(host: Host, bridge: string, leases: readonly OwnedLease[]): void {
  const link = leases.length > 0 ? host.findLink(bridge) : undefined;
  if (link) host.attempt(forgotten(link.index, leases));
}

/** The next holder of an address has another MAC address. What cannot be forgotten times out: no reason to keep the address. */
function forgotten(bridge: number, leases: readonly OwnedLease[]) {
  return leases.map(({ address }) => forgetNeigh(bridge, address));
}

function combined(failures: readonly unknown[]): CniError {
  const [first] = failures;
  if (failures.length === 1 && first instanceof CniError) return first;
  const code = first instanceof CniError ? first.code : INTERNAL;
  const remedy = first instanceof Explained && first.details ? `${first.details}; ` : "";
  return new CniError(
    code,
    failures.map(messageOf).join("; "),
    `${remedy}the rest has been taken down; DEL can be repeated`,
    first,
  );
}
