import type { Client } from "../../netlink/client.ts";
import { addRedirection, listRedirections } from "../../rtnl/filter.ts";
import { addIngress, addTbf, deleteQdisc, listQdiscs, type Qdisc } from "../../rtnl/qdisc.ts";
import { INGRESS, ROOT } from "../../rtnl/tc.ts";
import { deviceOf, type LinkRef } from "./devices.ts";
import { oneOf, wholeOf } from "./values.ts";

/** A token bucket filter: tc-tbf(8). */
export interface TokenBucket {
  /** Bits a second: at least 8. */
  readonly rate: number;
  /** Bytes that may be sent at once after silence: at least the MTU, or nothing passes. */
  readonly burst: number;
  /** Bytes that may wait. */
  readonly limit: number;
}

export interface QdiscInfo {
  /** Index of its interface. */
  readonly link: number;
  /** "tbf", "ingress", "noqueue" … */
  readonly kind: string;
  readonly place: "root" | "ingress" | "other";
  /** Of a tbf; its numbers as far as the kernel's units of 64 ns keep them. */
  readonly tbf?: TokenBucket;
}

/** The kernel's unit of a bucket's time (linux/pkt_sched.h: PSCHED_SHIFT), in seconds. */
const TICK = 64e-9;
const WORD = 0xffffffff;
const PLACES = { root: ROOT, ingress: INGRESS } as const;

/** Queueing disciplines of one network namespace: `tc qdisc`, and where `tc filter` redirects what comes in. */
export class Qdiscs {
  readonly #client: Client;

  /** @internal */
  constructor(client: Client) {
    this.#client = client;
  }

  /** Like `tc qdisc show`, of one link or of all. ENODEV when there is no such link. */
  list(link?: LinkRef): QdiscInfo[] {
    const index = link === undefined ? undefined : deviceOf(this.#client, link).index;
    const found = listQdiscs(this.#client).map(qdiscInfo);
    return found.filter((qdisc) => index === undefined || qdisc.link === index);
  }

  /** Like `tc qdisc add dev LINK root handle 1: tbf rate R burst B limit L`. EEXIST where LINK has one that was made, ENOENT where the kernel has no tbf, ENODEV. */
  addTbf(link: LinkRef, { rate, burst, limit }: TokenBucket): void {
    const bytes = Math.floor(wholeOf("rate", rate, 8, Number.MAX_SAFE_INTEGER) / 8);
    const buffer = Math.ceil(wholeOf("burst", burst, 1, WORD) / bytes / TICK);
    wholeOf("burst in units of 64 ns at that rate", buffer, 1, WORD);
    const tbf = { rate: bytes, limit: wholeOf("limit", limit, 1, WORD), buffer };
    this.#client.change(addTbf(deviceOf(this.#client, link), tbf));
  }

  /** Like `tc qdisc add dev LINK ingress`: what comes in can be redirected. EEXIST where it can already, ENODEV. */
  addIngress(link: LinkRef): void {
    this.#client.change(addIngress(deviceOf(this.#client, link)));
  }

  /** Like `tc qdisc del dev LINK root|ingress`, with its filters. EINVAL or ENOENT when none was made, ENODEV. */
  delete(link: LinkRef, place: "root" | "ingress"): void {
    const parent = PLACES[oneOf("place", place, PLACES)];
    this.#client.change(deleteQdisc({ dev: deviceOf(this.#client, link), parent }));
  }

  /** Like `tc filter add dev FROM parent ffff: … action mirred egress redirect dev TO`: all that comes in to FROM leaves by TO. FROM must have the ingress qdisc. */
  redirect(from: LinkRef, to: LinkRef): void {
    this.#client.change(addRedirection(deviceOf(this.#client, from, "from"), deviceOf(this.#client, to, "to")));
  }

  /** The indexes of the links to which what comes in to `link` is redirected. */
  redirections(link: LinkRef): number[] {
    return listRedirections(this.#client, deviceOf(this.#client, link));
  }
}

function qdiscInfo({ index, parent, kind, tbf }: Qdisc): QdiscInfo {
  const bucket = tbf && { rate: tbf.rate * 8, burst: Math.floor(tbf.buffer * TICK * tbf.rate), limit: tbf.limit };
  return {
    link: index,
    kind,
    place: parent === ROOT ? "root" : parent === INGRESS ? "ingress" : "other",
    ...(bucket && { tbf: bucket }),
  };
}
