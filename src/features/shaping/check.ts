import type { Host } from "../../host/host.ts";
import { listRedirections } from "../../rtnl/filter.ts";
import { listQdiscs, type Qdisc } from "../../rtnl/qdisc.ts";
import type { Link } from "../../rtnl/read-link.ts";
import { INGRESS, ROOT } from "../../rtnl/tc.ts";
import { bucketOf, type Limit } from "./bucket.ts";
import type { ShapingWish } from "./shape.ts";

/** What is missing of `shape` at a host's end, in a few words and with the command that shows it; undefined: nothing. */
export function missingShape(
  host: Host,
  outer: Link,
  ifbName: string,
  { ingress, egress }: ShapingWish,
): string | undefined {
  if (!ingress && !egress) return undefined;
  const qdiscs = host.ask(listQdiscs);
  const ofIngress = ingress && missingBucket(qdiscs, outer, ingress);
  if (ofIngress || !egress) return ofIngress;
  const ifb = host.findLink(ifbName);
  if (ifb?.kind !== "ifb") return `there is no device ${ifbName} (ip link show type ifb)`;
  return missingBucket(qdiscs, ifb, egress) ?? missingRedirection(host, qdiscs, outer, ifb);
}

function find(qdiscs: readonly Qdisc[], dev: Link, at: number): Qdisc | undefined {
  return qdiscs.find(({ index, parent }) => index === dev.index && parent === at);
}

function missingBucket(qdiscs: readonly Qdisc[], dev: Link, limit: Limit): string | undefined {
  const see = `(tc qdisc show dev ${dev.name})`;
  const { kind, tbf = undefined } = find(qdiscs, dev, ROOT) ?? { kind: "none" };
  if (!tbf) return `the qdisc of ${dev.name} is no tbf, but ${kind} ${see}`;
  const wanted = bucketOf(limit);
  for (const key of ["rate", "limit", "buffer"] as const) {
    if (tbf[key] !== wanted[key]) return `the ${key} of ${dev.name} is ${tbf[key]}, not ${wanted[key]} ${see}`;
  }
  return undefined;
}

function missingRedirection(host: Host, qdiscs: readonly Qdisc[], outer: Link, ifb: Link): string | undefined {
  if (!find(qdiscs, outer, INGRESS)) {
    return `${outer.name} has no ingress qdisc (tc qdisc show dev ${outer.name})`;
  }
  if (host.ask((rtnl) => listRedirections(rtnl, outer)).includes(ifb.index)) return undefined;
  return `what comes in to ${outer.name} is not redirected to ${ifb.name} (tc filter show dev ${outer.name} parent ffff:)`;
}
