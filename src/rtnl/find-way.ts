import { ENETUNREACH } from "../base/errno.ts";
import { formatIp, type Ip } from "../base/ip.ts";
import type { Client } from "../netlink/client.ts";
import type { Question } from "../netlink/request.ts";
import { attrs } from "../wire/attrs.ts";
import { ip, u32 } from "../wire/coder.ts";
import { type Dev, indexOf, wordFor } from "./dev.ts";
import { addressFamily, RTM_GETROUTE, routeAttrs, routeHeader } from "./tables.ts";

/** A packet whose way is asked for. */
export interface Packet {
  readonly to: Ip;
  /** Where it comes in, and from whom; absent: it is the namespace's own. */
  readonly entry?: { readonly from: Ip; readonly dev: Dev };
}

/** Where it goes. */
export interface Way {
  /** ifindex of the outgoing interface. */
  readonly oif: number;
  /** Undefined where the destination is on the link. */
  readonly gateway: Ip | undefined;
  /** The address that the kernel would send from; undefined for a packet that comes in. */
  readonly source: Ip | undefined;
  /** Whether the destination is one of the namespace's own addresses. */
  readonly isLocal: boolean;
}

const RTN_LOCAL = 2;
const request = attrs({ dst: [1, ip], src: [2, ip], iif: [3, u32] });
const source = attrs({ source: [7, ip] });

const SHOW_WAY: Question<Packet, Way> = {
  type: RTM_GETROUTE,
  flags: 0,
  absent: ENETUNREACH,
  text: ({ to, entry }) =>
    `ip route get ${formatIp(to)}${entry ? ` from ${formatIp(entry.from)} iif ${wordFor(entry.dev)}` : ""}`,
  write(w, { to, entry }) {
    // struct rtmsg: with rtm_src_len.
    const bits = 8 * to.length;
    w.u32(addressFamily(to) | (bits << 8) | ((entry ? bits : 0) << 16));
    w.zero(8);
    request.encode(w, { dst: to, ...(entry && { src: entry.from, iif: indexOf(entry.dev) }) });
  },
  read({ body }) {
    const { type } = routeHeader.decode(body);
    const at = body.at;
    const { oif = 0, gateway } = routeAttrs.decode(body);
    body.at = at;
    return { oif, gateway: gateway?.slice(), source: source.decode(body).source?.slice(), isLocal: type === RTN_LOCAL };
  },
};

/**
 * Like `ip route get TO [from FROM iif DEV]`: undefined when no route leads there (ENETUNREACH). Throws NetlinkError with what
 * else the kernel would do to such a packet: EHOSTUNREACH where it does not forward, EXDEV or EINVAL where the source must not come
 * in there (rp_filter), EACCES for a prohibited one.
 */
export function findWay(client: Client, packet: Packet): Way | undefined {
  return client.get(SHOW_WAY, packet);
}
