/** Verbs of routes that are seldom needed: apart from ADD_ROUTE, which each container's start pays for. */
import { ENETUNREACH } from "../base/errno.ts";
import { formatIp, formatPrefix, type Ip } from "../base/ip.ts";
import type { Client } from "../netlink/client.ts";
import type { Change, Question, Request } from "../netlink/request.ts";
import { attrs } from "../wire/attrs.ts";
import { ip } from "../wire/coder.ts";
import { NLM_F_CREATE, NLM_F_EXCL } from "../wire/message.ts";
import { type Dev, indexOf, wordFor } from "./dev.ts";
import { ADD_ROUTE, type NewRoute, type RouteRef } from "./route.ts";
import { addressFamily, RTM_DELROUTE, RTM_GETROUTE, RTM_NEWROUTE, routeAttrs, routeHeader } from "./tables.ts";

export interface SoleRoute extends NewRoute {
  /** The source address of what the machine itself sends there; absent: as the kernel chooses. */
  readonly src?: Ip;
}

/** RTA_PREFSRC. */
export const sourceAttrs = attrs({ src: [7, ip] });

export const ADD_SOLE_ROUTE: Change<SoleRoute> = {
  type: RTM_NEWROUTE,
  flags: NLM_F_CREATE | NLM_F_EXCL,
  text: (route) => `${ADD_ROUTE.text(route)}${route.src ? ` src ${formatIp(route.src)}` : ""}`,
  write(w, route) {
    ADD_ROUTE.write(w, route);
    if (route.src) sourceAttrs.put(w, "src", route.src);
  },
};

/** Like `ip route add DST [via GW] dev LINK [src IP]`: EEXIST where there is any to the destination, of the same metric. */
export function addSoleRoute(route: SoleRoute): Request<SoleRoute> {
  return { form: ADD_SOLE_ROUTE, object: route };
}

/** RTPROT_KERNEL and, of its routes to what is on a link, RT_SCOPE_LINK. */
const PROTOCOL_KERNEL = 2;
const SCOPE_LINK = 253;
const TABLE_MAIN = 254;

export const DELETE_SUBNET_ROUTE: Change<RouteRef> = {
  type: RTM_DELROUTE,
  flags: 0,
  text: ({ dst, oif }) => `ip route del ${formatPrefix(dst)} dev ${wordFor(oif)} proto kernel scope link`,
  write(w, { dst, oif }) {
    routeHeader.encode(w, {
      family: addressFamily(dst.ip),
      dstLength: dst.length,
      table: TABLE_MAIN,
      protocol: PROTOCOL_KERNEL,
      scope: SCOPE_LINK,
      type: 0,
    });
    routeAttrs.encode(w, { dst: dst.ip, oif: indexOf(oif) });
  },
};

/**
 * Like `ip route del DST dev LINK proto kernel scope link`: the route that an address of the subnet DST brings with it.
 * ESRCH when there is none.
 */
export function deleteSubnetRoute(route: RouteRef): Request<RouteRef> {
  return { form: DELETE_SUBNET_ROUTE, object: route };
}

/** An address on a device. */
export interface Own {
  readonly dev: Dev;
  readonly ip: Ip;
}

const RTN_LOCAL = 2;

export const SHOW_OWN: Question<Own, boolean> = {
  type: RTM_GETROUTE,
  flags: 0,
  absent: ENETUNREACH,
  text: ({ dev, ip }) => `ip route get ${formatIp(ip)} oif ${wordFor(dev)}`,
  write(w, { dev, ip }) {
    const [family, dstLength] = [addressFamily(ip), 8 * ip.length];
    routeHeader.encode(w, { family, dstLength, table: 0, protocol: 0, scope: 0, type: 0 });
    routeAttrs.encode(w, { dst: ip, oif: indexOf(dev) });
  },
  read: ({ body }) => routeHeader.decode(body).type === RTN_LOCAL,
};

/** Like `ip route get IP oif LINK`: whether that says `local`, which is when IPv6 takes what is for the address there. */
export function isOwn(client: Client, own: Own): boolean {
  return client.get(SHOW_OWN, own) ?? false;
}
