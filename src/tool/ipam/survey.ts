import { realtime } from "#sys";
import { equalIp } from "../../base/ip.ts";
import { type Here, readHere } from "../../plugins/host-local/life.ts";
import { capacityOf, formatSet, type RangeSet, rangeOf } from "../../plugins/host-local/ranges.ts";
import { finderOf } from "../../plugins/host-local/search.ts";
import type { Plugin } from "../../spec/plugin.ts";
import type { Attachment } from "../node/attachments.ts";
import type { Lease } from "../node/leases.ts";
import type { Node } from "../node/node.ts";
import type { Container } from "../runtimes/container.ts";
import { type Pool, poolsOf } from "./pool.ts";
import { type Known, type LeaseState, stateOf } from "./state.ts";

/** A lease, and whose it is. */
export interface LeaseView extends Known {
  readonly state: LeaseState;
  /** Why, where that needs words. */
  readonly because: string | undefined;
  /** Kubernetes' names. */
  readonly pod: { readonly namespace: string; readonly name: string } | undefined;
  /** Since the ADD, in seconds. */
  readonly age: number;
  /** The number of the range set that it is in; undefined: in none. */
  readonly set: number | undefined;
}

/** How full a range set is. An attachment gets one address of each set. */
export interface Headroom {
  /** "10.1.2.1-10.1.2.254", as the reference prints a set. */
  readonly range: string;
  readonly used: number;
  /** Without the gateway. Approximate above 2^53. */
  readonly total: number;
  readonly free: number;
  /** Of the used: leases that are of no use any more. */
  readonly stale: number;
}

/** A pool, and what is leased of it. */
export interface PoolView {
  readonly pool: Pool;
  readonly ranges: readonly Headroom[];
  /** By address. */
  readonly leases: readonly LeaseView[];
  /** The network's attachments, with or without a lease. */
  readonly attachments: readonly Attachment[];
}

/** The pools of a node, those of `network` or without one all, with what `containers` the runtimes told of. */
export function surveyOf(
  { files, cached, leases, attachments }: Pick<Node, "files" | "cached" | "leases" | "attachments">,
  network: string | undefined,
  containers: readonly Container[],
  delegates: readonly Plugin[],
): PoolView[] {
  const pools = poolsOf(files, cached, delegates).filter((pool) => network === undefined || pool.network === network);
  const running = new Map(containers.map((one) => [one.id, one]));
  const here = readHere();
  return pools.map((pool) => {
    const own = attachments.filter(({ owner }) => owner.network === pool.network);
    const inPool = leases.filter((lease) => lease.path.startsWith(`${pool.place.dataDir}/${pool.network}/`));
    const views = viewsOf(pool, inPool, own, running, here);
    const ranges = pool.sets.map((set, index) => headroomOf(set, index, views));
    return { pool, ranges, leases: views, attachments: own };
  });
}

function viewsOf(
  { sets }: Pool,
  leases: readonly Lease[],
  attachments: readonly Attachment[],
  containers: ReadonlyMap<string, Container>,
  here: Here,
): LeaseView[] {
  const find = finderOf(sets);
  const now = realtime() / 1000;
  const byPath = new Map(attachments.flatMap((one) => one.leases.map(({ path }) => [path, one])));
  return leases.map((lease) => {
    const known = { lease, attachment: byPath.get(lease.path), container: containers.get(lease.holder?.id ?? "") };
    const [state, because] = stateOf(known, here);
    const pod = known.attachment?.pod ?? known.container?.pod;
    return { ...known, state, because, pod, age: Math.max(0, now - lease.time), set: find(lease.ip) };
  });
}

const USELESS: ReadonlySet<LeaseState> = new Set<LeaseState>(["stale", "dead boot", "garbled"]);

export const isUseless = ({ state }: Pick<LeaseView, "state">): boolean => USELESS.has(state);

function headroomOf(set: RangeSet, index: number, views: readonly LeaseView[]): Headroom {
  const isGateway = ({ lease: { ip } }: LeaseView) => {
    const range = rangeOf(set, ip);
    return range !== undefined && equalIp(range.gateway, ip);
  };
  const inSet = views.filter((view) => view.set === index && !isGateway(view));
  const total = capacityOf(set);
  const used = inSet.length;
  return { range: formatSet(set), used, total, free: Math.max(0, total - used), stale: inSet.filter(isUseless).length };
}
