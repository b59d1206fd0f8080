import { ENOENT } from "../base/errno.ts";
import { equalIp, formatIp, type Ip } from "../base/ip.ts";
import type { Client } from "../netlink/client.ts";
import type { Change, Question, Request } from "../netlink/request.ts";
import type { Message } from "../wire/message.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  CT_DELETE,
  CT_GET,
  CT_GET_STATS,
  FILTER_IP_DST,
  FILTER_IP_SRC,
  FILTER_PROTO_DST_PORT,
  FILTER_PROTO_NUM,
  type FlowAttrs,
  flowAttrs,
  readHeader,
  statsAttrs,
  writeHeader,
} from "./tables.ts";

/** What conntrack knows: `conntrack -L` and its like. */

/** One connection, as its first packet had it. */
export interface Flow {
  /** IPPROTO_*. */
  readonly protocol: number;
  readonly src: Ip;
  readonly dst: Ip;
  readonly srcPort: number;
  readonly dstPort: number;
  /** Absent: 0. */
  readonly zone?: number;
  /** Whom the answers come from: `dst`, unless that has been translated. */
  readonly replySrc: Ip;
  /** Of TCP: TCP_* of tables.ts. */
  readonly state?: number;
}

/** What the kernel is to look for. */
export interface FlowFilter {
  readonly family: 4 | 6;
  readonly protocol: number;
  /** Absent: any. */
  readonly dstPort?: number;
  /** Absent: any. */
  readonly dst?: Ip;
  /** Absent: any. */
  readonly replySrc?: Ip;
}

const COUNT_FLOWS: Question<undefined, number | undefined> = {
  type: CT_GET_STATS,
  flags: 0,
  text: () => "conntrack -C",
  write: (w) => writeHeader(w, AF_UNSPEC),
  read({ body }) {
    readHeader(body);
    return statsAttrs.decode(body).entries;
  },
};

/** How many connections of any kind the network namespace has; undefined where the kernel does not say. Throws NetlinkError. */
export function countFlows(client: Client): number | undefined {
  return client.get(COUNT_FLOWS, undefined);
}

/** The kernel filters (CTA_FILTER, since Linux 5.8): a machine may have hundreds of thousands. */
const LIST_FLOWS: Question<FlowFilter, Flow | undefined> = {
  type: CT_GET,
  flags: 0,
  text: ({ family, protocol, dstPort, dst, replySrc }) =>
    `conntrack -L -f ipv${family} -p ${protocol}${dstPort === undefined ? "" : ` --orig-port-dst ${dstPort}`}${dst ? ` -d ${formatIp(dst)}` : ""}${replySrc ? ` -r ${formatIp(replySrc)}` : ""}`,
  write(w, { family, protocol, dstPort, dst, replySrc }) {
    writeHeader(w, family === 4 ? AF_INET : AF_INET6);
    // Of IPv6 the kernel (6.18 still) gives all flows but those to the address.
    const [dst4, src4] = family === 4 ? [dst, replySrc] : [];
    const orig = FILTER_PROTO_NUM | (dstPort === undefined ? 0 : FILTER_PROTO_DST_PORT) | (dst4 ? FILTER_IP_DST : 0);
    flowAttrs.encode(w, {
      orig: { ...(dst4 && { ip: { dst4 } }), proto: { number: protocol, dstPort } },
      ...(src4 && { reply: { ip: { src4 } } }),
      filter: { orig, reply: src4 ? FILTER_IP_SRC : 0 },
    });
  },
  read: decodeFlow,
};

/** Those that the filter lets through, in no order. */
export function listFlows(client: Client, filter: FlowFilter): Flow[] {
  // Not all is filtered by the kernel: see above.
  const isWanted = (flow: Flow | undefined): flow is Flow =>
    flow?.protocol === filter.protocol &&
    (filter.dstPort === undefined || flow.dstPort === filter.dstPort) &&
    (!filter.dst || equalIp(flow.dst, filter.dst)) &&
    (!filter.replySrc || equalIp(flow.replySrc, filter.replySrc));
  return client.dump(LIST_FLOWS, filter).filter(isWanted);
}

function decodeFlow({ body }: Message): Flow | undefined {
  readHeader(body);
  const { orig, reply, zone, info }: FlowAttrs = flowAttrs.decode(body);
  const { ip, proto } = orig ?? {};
  const [src, dst] = [ip?.src4 ?? ip?.src6, ip?.dst4 ?? ip?.dst6];
  const replySrc = reply?.ip?.src4 ?? reply?.ip?.src6;
  if (!src || !dst || !replySrc) return undefined;
  const { number: protocol = 0, srcPort = 0, dstPort = 0 } = proto ?? {};
  const ends = { src: src.slice(), dst: dst.slice(), replySrc: replySrc.slice() };
  const state = info?.tcp?.state;
  return { protocol, ...ends, srcPort, dstPort, ...(zone && { zone }), ...(state !== undefined && { state }) };
}

export const DELETE_FLOW: Change<Flow> = {
  type: CT_DELETE,
  flags: 0,
  text: ({ protocol, src, dst, srcPort, dstPort }) =>
    `conntrack -D -p ${protocol} -s ${formatIp(src)} -d ${formatIp(dst)} --sport ${srcPort} --dport ${dstPort}`,
  write(w, { protocol, src, dst, srcPort, dstPort, zone }) {
    const isV4 = src.length === 4;
    writeHeader(w, isV4 ? AF_INET : AF_INET6);
    flowAttrs.encode(w, {
      orig: {
        ip: isV4 ? { src4: src, dst4: dst } : { src6: src, dst6: dst },
        proto: { number: protocol, srcPort, dstPort },
      },
      zone,
    });
  },
};

/** Forgets a connection: its next packet is looked at like the first of a new one. It may be gone already. */
export function deleteFlow(flow: Flow): Request<Flow> {
  return { form: DELETE_FLOW, object: flow, tolerate: [ENOENT] };
}
