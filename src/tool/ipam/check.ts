import { equalIp, formatIp, type Ip } from "../../base/ip.ts";
import { formatSet } from "../../plugins/host-local/ranges.ts";
import { finderOf } from "../../plugins/host-local/search.ts";
import type { Finding } from "../finding.ts";
import type { Attachment } from "../node/attachments.ts";
import { addressesInUse } from "./in-use.ts";
import { isUseless, type LeaseView, type PoolView } from "./survey.ts";
import { addressesOf, isSpare } from "./used.ts";

/**
 * What is wrong with the leases of the pools. With `least`, also ranges that have fewer free addresses. `inUse` tells which
 * addresses an attachment has.
 */
export function checkPools(pools: readonly PoolView[], least: number, inUse: InUse = addressesInUse): Finding[] {
  return [...pools.flatMap((view) => checkPool(view, least, inUse)), ...sharedAddresses(pools)];
}

type InUse = (attachment: Attachment) => readonly Ip[];

function checkPool(view: PoolView, least: number, inUse: InUse): Finding[] {
  return [
    ...wrongRanges(view),
    ...lowRanges(view, least),
    ...view.leases.filter(isUseless).map((lease) => uselessLease(view, lease)),
    ...doubleLeases(view),
    ...strayLeases(view),
    ...unleased(view, inUse),
  ];
}

const released = ({ pool }: PoolView, { lease }: LeaseView): string =>
  `berth ipam release ${pool.network} ${lease.address}`;

function wrongRanges({ pool: { network, file, wrong } }: PoolView): Finding[] {
  if (wrong === undefined) return [];
  const evidence = `${file ?? "the cached configuration"}: ${wrong}`;
  const consequence = `no container of network ${network} gets an address`;
  return [{ severity: "error", what: `network ${network} has no usable ranges`, evidence, consequence, mend: [] }];
}

function lowRanges({ pool: { network, file }, ranges }: PoolView, least: number): Finding[] {
  const low = ranges.filter(({ free }) => free === 0 || free < least);
  return low.map(({ range, used, total, free, stale }) => ({
    severity: free === 0 && stale === 0 ? "error" : "warning",
    what: `range ${range} of network ${network} has ${free} of ${total} addresses left`,
    evidence: `${used} leased, of which ${stale} are of no use any more`,
    consequence:
      free > 0 ? "it is full soon" : stale > 0 ? "an ADD must take a stale lease" : "every further ADD fails",
    mend: [
      `berth gc ${network} --from-runtime`,
      ...(file === undefined ? [] : [`$EDITOR ${file}     # enlarge the range`]),
    ],
  }));
}

const USELESS: Record<string, string> = {
  stale: "is leased to a container that is gone",
  "dead boot": "is leased to a container of an earlier boot",
  garbled: "has a lease that names nobody",
};

function uselessLease(view: PoolView, one: LeaseView): Finding {
  const { lease, state, because } = one;
  const holder = lease.holder
    ? `${lease.holder.id} ${lease.holder.ifname ?? ""}`.trim()
    : "its record is not ID CR LF IFNAME";
  return {
    severity: "warning",
    what: `${lease.address} of network ${view.pool.network} ${USELESS[state]}`,
    evidence: `${lease.path}: ${holder}${because === undefined ? "" : `; ${because}`}`,
    consequence: "the address is taken until the pool is full, and rules made for it may be there",
    mend: [released(view, one)],
  };
}

/** Two addresses of one range set for one interface: an ADD gives one of each set. */
function doubleLeases(view: PoolView): Finding[] {
  const groups = new Map<string, LeaseView[]>();
  for (const one of view.leases) {
    const { holder } = one.lease;
    if (!holder || one.set === undefined || isUseless(one)) continue;
    const key = `${holder.id} ${holder.ifname ?? ""} ${one.set}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].filter((group) => group.length > 1).map((group) => doubleLease(view, group));
}

function doubleLease(view: PoolView, group: readonly LeaseView[]): Finding {
  const addresses = group.map(({ lease }) => lease.address);
  const [first] = group as [LeaseView, ...LeaseView[]];
  const spare = group.filter((one) => isSpare(one, group));
  const { id = "", ifname = "" } = first.lease.holder ?? {};
  return {
    severity: "warning",
    what: `container ${id} ${ifname} of network ${view.pool.network} holds ${addresses.join(" and ")}`,
    evidence: group.map(({ lease }) => lease.path).join(", "),
    consequence: "all but one of them are lost to others",
    mend: spare.map((one) => released(view, one)),
  };
}

function strayLeases(view: PoolView): Finding[] {
  const { sets, network } = view.pool;
  if (sets.length === 0) return [];
  const stray = view.leases.filter((one) => one.set === undefined && !isUseless(one));
  return stray.map((one) => ({
    severity: "warning",
    what: `${one.lease.address} is leased outside of network ${network}'s ranges`,
    evidence: `${one.lease.path}; the ranges are ${sets.map(formatSet).join("; ")}`,
    consequence: "its container has an address of before the ranges were changed, which the gateway may not serve",
    mend: [one.state === "live" ? restarted(one) : released(view, one)],
  }));
}

/** How a container gets a new attachment: that is its runtime's to do. */
function restarted({
  container,
  lease,
  pod,
}: Pick<LeaseView, "container" | "pod"> & { lease: Pick<LeaseView["lease"], "holder"> }): string {
  const id = lease.holder?.id ?? "";
  if (container?.runtime === "podman" || container?.runtime === "nerdctl")
    return `${container.runtime} restart ${container.name}`;
  return pod ? `kubectl delete pod -n ${pod.namespace} ${pod.name}` : `# restart container ${id} by its runtime`;
}

/** Attachments that are there, with addresses of the pool that no lease of theirs names. */
function unleased(view: PoolView, inUse: InUse): Finding[] {
  const find = finderOf(view.pool.sets);
  return view.attachments
    .filter(({ life }) => life.is === "alive")
    .flatMap((attachment) => {
      const own = attachment.leases.map(({ ip }) => ip);
      const without = addressesOf(attachment).filter(
        (ip) => find(ip) !== undefined && !own.some((one) => equalIp(one, ip)),
      );
      const there = without.length > 0 ? inUse(attachment) : [];
      return without
        .filter((ip) => there.some((one) => equalIp(one, ip)))
        .map((ip) => unleasedAddress(view, attachment, ip));
    });
}

function unleasedAddress(view: PoolView, { owner, cached, pod }: Attachment, ip: Ip): Finding {
  const { network, containerId, ifname } = owner;
  const directory = `${view.pool.place.dataDir}/${network}`;
  const other = view.leases.find(({ lease }) => equalIp(lease.ip, ip));
  const holder = { id: containerId, ifname };
  const write = `mkdir -p ${directory} && (set -C; printf '${containerId}\\r\\n${ifname}' >${directory}/${formatIp(ip)})`;
  const again = restarted({ container: undefined, pod, lease: { holder } });
  return {
    severity: "error",
    what: `${formatIp(ip)} is in use by container ${containerId} ${ifname} of network ${network}, and its lease is ${other ? "another's" : "missing"}`,
    evidence: `${cached?.path ?? ""} has the address; ${directory}/${formatIp(ip)} ${other ? `names ${other.lease.holder?.id ?? "nobody"}` : "is not there"}`,
    consequence: other ? "two containers may have the address" : "the address will be given to another container",
    mend: [other ? again : write],
  };
}

/** Addresses that living containers of two networks have: their ranges overlap. */
function sharedAddresses(pools: readonly PoolView[]): Finding[] {
  const live = pools.flatMap(({ leases }) => leases.filter(({ state }) => state === "live"));
  const byAddress = new Map<string, LeaseView[]>();
  for (const one of live) byAddress.set(one.lease.address, [...(byAddress.get(one.lease.address) ?? []), one]);
  const shared = [...byAddress.entries()].filter(([, all]) => all.length > 1);
  return shared.map(([address, all]) => ({
    severity: "warning",
    what: `${address} is leased to living containers of ${all.map(({ lease }) => `network ${lease.network}`).join(" and ")}`,
    evidence: all.map(({ lease }) => lease.path).join(", "),
    consequence: "on this host only one of them is reached by it",
    mend: [],
  }));
}
