import { formatIp } from "../../base/ip.ts";
import type { Owner } from "../../base/owner.ts";
import { settle } from "../../base/undo.ts";
import { onMachine } from "../../features/machine.ts";
import { readRecord } from "../../plugins/host-local/lease.ts";
import { recordText } from "../../plugins/host-local/record.ts";
import { releaseAddress } from "../../plugins/host-local/release.ts";
import type { Plugin } from "../../spec/plugin.ts";
import type { CachedAttachment } from "../node/cache.ts";
import { callOf, pluginOf, suppliedTo, typeOf } from "../plugin-call.ts";
import { isUseless, type LeaseView, type PoolView } from "./survey.ts";
import { isSpare } from "./used.ts";

/** What a release works with. */
export interface Means {
  readonly plugins: readonly Plugin[];
  /** Directories of IPAM plugins. */
  readonly path: readonly string[];
  /** Is told what plugins say. */
  warn(line: string): void;
}

/** What was done: a line each. */
type Done = string[];

/**
 * Releases leases of a pool. An attachment that lives, or all of whose leases go, is ended as by a DEL of its whole list, so
 * that nobody uses an address without a lease, and no rule is left that a lease does not tell of. A spare address goes alone,
 * and so does one of several of a dead attachment, with its masquerading, and one that names nobody.
 * @throws CniError, NetlinkError, Explained; an attachment's own leases go last
 */
export function release(view: PoolView, leases: readonly LeaseView[], means: Means): Done {
  return groupsOf(leases).flatMap((group) => {
    const [first] = group;
    const owner = ownerOf(view, first);
    const all = view.leases.filter(({ lease }) => sameHolder(lease.holder, first.lease.holder));
    const isAlone = (one: LeaseView) => isSpare(one, all) || (isUseless(one) && group.length < all.length);
    if (!owner || group.every(isAlone)) return group.flatMap((one) => releaseOne(view, one, owner, means));
    return endAttachment(view, all, owner, means);
  });
}

type Group = readonly [LeaseView, ...LeaseView[]];

function groupsOf(leases: readonly LeaseView[]): Group[] {
  const groups = new Map<string, LeaseView[]>();
  for (const one of leases) {
    const { holder, address } = one.lease;
    const key = holder ? recordText(holder) : address;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].filter((group): group is [LeaseView, ...LeaseView[]] => group.length > 0);
}

type Holder = LeaseView["lease"]["holder"];

const sameHolder = (a: Holder, b: Holder): boolean =>
  a !== undefined && b !== undefined && recordText(a) === recordText(b);

/** Undefined for a lease that names nobody, or no interface. */
function ownerOf(view: PoolView, { lease: { holder } }: LeaseView): Owner | undefined {
  return holder?.ifname === undefined
    ? undefined
    : { network: view.pool.network, containerId: holder.id, ifname: holder.ifname };
}

function releaseOne(view: PoolView, { lease }: LeaseView, owner: Owner | undefined, means: Means): Done {
  if (owner) onMachine((machine) => machine.masquerade.remove(owner, [lease.ip]));
  const record = readRecord(lease.path);
  const isDone = record !== undefined && releaseAddress(view.pool.place, lease.ip, record, means.warn);
  return [isDone ? `released ${lease.address}: ${lease.path} is gone` : `${lease.address} has been released meanwhile`];
}

/** DEL of the plugins of this executable, the last first, without a namespace; what others made stays. */
function endAttachment(view: PoolView, group: readonly LeaseView[], owner: Owner, means: Means): Done {
  const cached = group[0]?.attachment?.cached;
  const list = cached?.plugins ?? view.pool.plugins;
  const done: Done = [];
  const failures = settle(
    [...list].reverse().map((config) => () => {
      const plugin = pluginOf(config, means.plugins);
      if (!plugin) {
        done.push(`${typeOf(config)} is no plugin of berth: its DEL was not called`);
        return;
      }
      plugin.DEL?.(delOf(view, owner, config, cached, means));
      done.push(`${typeOf(config)}: DEL of ${owner.containerId} ${owner.ifname}`);
    }),
  );
  if (failures.length > 0) throw failures[0];
  // Of a plugin of others host-local is the delegate.
  const left = group.filter((one) => readRecord(one.lease.path) !== undefined);
  const gone = group.filter((one) => !left.includes(one)).map(({ lease }) => formatIp(lease.ip));
  if (gone.length > 0) done.push(`released ${gone.join(" and ")}`);
  return [...done, ...left.flatMap((one) => releaseOne(view, one, undefined, means))];
}

function delOf(view: PoolView, owner: Owner, config: object, cached: CachedAttachment | undefined, means: Means) {
  const version = cached?.version ?? view.pool.version;
  const runtimeConfig = cached && suppliedTo(config, cached.capabilityArgs);
  const added = { ...(cached && { prevResult: cached.result }), ...(runtimeConfig && { runtimeConfig }) };
  const { path, plugins, warn } = means;
  return callOf({ command: "DEL", owner, version, config, added, path }, plugins, (line) =>
    warn(`${typeOf(config)}: ${line}`),
  );
}
