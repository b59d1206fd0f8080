import { ageText } from "../../base/age.ts";
import type { Style } from "../output/style.ts";
import { table } from "../output/table.ts";
import { type Headroom, isUseless, type LeaseView, type PoolView } from "./survey.ts";

/** Tables of pools and of their leases. */
export function poolsText(pools: readonly PoolView[], style: Style, whole: boolean): string {
  const ranges = pools.flatMap(({ pool: { network, wrong }, ranges }) =>
    ranges.length > 0
      ? ranges.map((one) => [network, ...rangeCells(one, style)])
      : [[network, wrong ? style.red(wrong) : "ranges come with each container", "", "", "", ""]],
  );
  const leases = pools.flatMap(({ pool, leases }) => leases.map((one) => leaseCells(pool.network, one, style, whole)));
  const head = ["network", "address", "container", "name", "pod", "if", "age", "state"];
  return [table(["network", "range", "used", "total", "free", "stale"], ranges), table(head, leases)]
    .filter((text) => text !== "")
    .join("\n");
}

function rangeCells({ range, used, total, free, stale }: Headroom, style: Style): string[] {
  const left = free === 0 ? style.red("0") : countText(free);
  return [range, countText(used), countText(total), left, stale > 0 ? style.yellow(countText(stale)) : "0"];
}

/** Of IPv6 ranges not all digits. */
const countText = (count: number): string => (count < 1e9 ? String(count) : count.toExponential(1));

/** Of longer ids the beginning is shown: berth ipam release takes it as well. */
const ID_SHOWN = 20;

function leaseCells(network: string, view: LeaseView, style: Style, whole: boolean): string[] {
  const { lease, container, pod, age, state, because } = view;
  const { id = "", ifname = "" } = lease.holder ?? {};
  const shown = whole || id.length <= ID_SHOWN ? id : id.slice(0, ID_SHOWN);
  const name = [container?.name ?? "", ...(container?.members ?? [])].filter(Boolean).join(",");
  const word = state === "live" ? style.green(state) : isUseless(view) ? style.yellow(state) : state;
  const why = because === undefined ? word : `${word} (${because})`;
  const podText = pod ? `${pod.namespace}/${pod.name}` : "";
  return [network, lease.address, shown || "?", name || "-", podText || "-", ifname || "-", ageText(age), why];
}

/** The same for -o json: plain values, lengths in seconds, absent what is not known. */
export function poolsJson(pools: readonly PoolView[]): object {
  return {
    networks: pools.map(({ pool, ranges, leases }) => ({
      network: pool.network,
      file: pool.file,
      directory: `${pool.place.dataDir}/${pool.network}`,
      wrong: pool.wrong,
      ranges,
      leases: leases.map(leaseJson),
    })),
  };
}

function leaseJson({ lease, container, pod, age, state, because, set }: LeaseView): object {
  const { holder, origin, address, path } = lease;
  return {
    address,
    path,
    container: holder && { id: holder.id, name: container?.name, members: container?.members },
    runtime: container?.runtime,
    pod,
    ifname: holder?.ifname,
    hostInterface: origin?.veth?.name,
    age: Math.floor(age),
    state,
    because,
    rangeSet: set,
  };
}
