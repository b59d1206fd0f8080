import { ENETUNREACH } from "../base/errno.ts";
import { formatIp, formatPrefix, type Ip, type Prefix } from "../base/ip.ts";
import type { Client } from "../netlink/client.ts";
import type { Change, Question, Request } from "../netlink/request.ts";
import { DecodeError, Reader } from "../wire/cursor.ts";
import { type Message, NLM_F_CREATE } from "../wire/message.ts";
import { type Dev, indexOf, wordFor } from "./dev.ts";
import {
  AF_INET6,
  addressFamily,
  RTM_DELROUTE,
  RTM_GETROUTE,
  RTM_NEWROUTE,
  routeAttrs,
  routeHeader,
} from "./tables.ts";

const TABLE_MAIN = 254;
/** Of the kernel's own routes. */
export const TABLE_LOCAL = 255;
const PROTOCOL_BOOT = 3;
const TYPE_UNICAST = 1;
const TYPE_LOCAL = 2;
/** Bytes of a struct rtnexthop before its attributes. */
const HOP = 8;

/** A unicast route. */
export interface Route {
  readonly dst: Prefix;
  /** Absent: the destination is on the link, or there are several. */
  readonly gateway?: Ip | undefined;
  /** The gateways of a route over several, which IPv6 makes of two to one destination. */
  readonly hops?: readonly Ip[] | undefined;
  /** ifindex of the outgoing interface; 0 for a route over several. */
  readonly oif: number;
  /** Absent: main (254). */
  readonly table?: number | undefined;
  /** RT_SCOPE_*; absent: 0, universe. */
  readonly scope?: number | undefined;
  /** The metric. Absent: the kernel's default. */
  readonly priority?: number | undefined;
}

/** One to be made: its outgoing interface may be called by its name in errors. */
export type NewRoute = Omit<Route, "oif"> & { readonly oif: Dev };

export const ADD_ROUTE: Change<NewRoute> = {
  type: RTM_NEWROUTE,
  flags: NLM_F_CREATE,
  text: ({ dst, gateway, oif }) =>
    `ip route add ${formatPrefix(dst)}${gateway ? ` via ${formatIp(gateway)}` : ""} dev ${wordFor(oif)}`,
  write(w, { dst, gateway, oif, priority, table = TABLE_MAIN, scope = 0 }) {
    routeHeader.encode(w, {
      family: addressFamily(dst.ip),
      dstLength: dst.length,
      table: table < 256 ? table : 0,
      protocol: PROTOCOL_BOOT,
      scope,
      type: TYPE_UNICAST,
    });
    routeAttrs.put(w, "dst", dst.ip);
    if (gateway) routeAttrs.put(w, "gateway", gateway);
    routeAttrs.put(w, "oif", indexOf(oif));
    if (priority) routeAttrs.put(w, "priority", priority);
    if (table >= 256) routeAttrs.put(w, "table", table);
  },
};

/**
 * Like `ip route prepend DST [via GW] dev LINK proto boot scope global [metric N] [table T]`: a second route to the
 * same destination is put before the first (IPv4) or joins it (IPv6). EEXIST for an exact duplicate.
 */
export function addRoute(route: NewRoute): Request<NewRoute> {
  return { form: ADD_ROUTE, object: route };
}

export type RouteRef = Pick<NewRoute, "dst" | "oif" | "table">;

export const DELETE_ROUTE: Change<RouteRef> = {
  type: RTM_DELROUTE,
  flags: 0,
  text: ({ dst, oif }) => `ip route del ${formatPrefix(dst)} dev ${wordFor(oif)}`,
  write(w, { dst, oif, table = TABLE_MAIN }) {
    const family = addressFamily(dst.ip);
    routeHeader.encode(w, { family, dstLength: dst.length, table, protocol: 0, scope: 0, type: 0 });
    routeAttrs.encode(w, { dst: dst.ip, oif: indexOf(oif) });
  },
};

/** Like `ip route del DST dev LINK [table T]`, of a table below 256. ESRCH when there is none. */
export function deleteRoute(route: RouteRef): Request<RouteRef> {
  return { form: DELETE_ROUTE, object: route };
}

/** Of one family. */
const SHOW_ROUTES: Question<number, Route> = {
  type: RTM_GETROUTE,
  flags: 0,
  text: (family) => `ip route show ${family === AF_INET6 ? "-6" : "-4"}`,
  write: (w, family) => routeHeader.encode(w, { family, dstLength: 0, table: 0, protocol: 0, scope: 0, type: 0 }),
  read: decodeRoute,
};

/** Like `ip route show table all` of one family. */
export function listRoutes(client: Client, family: number): Route[] {
  return client.dump(SHOW_ROUTES, family);
}

/** Where packets to an address go. */
export interface RouteTo {
  /** ifindex of the outgoing interface. */
  readonly oif: number;
  /** Whether the address is the machine's own. */
  readonly isLocal: boolean;
}

const SHOW_ROUTE_TO: Question<Ip, RouteTo> = {
  type: RTM_GETROUTE,
  flags: 0,
  absent: ENETUNREACH,
  text: (ip) => `ip route get ${formatIp(ip)}`,
  write(w, ip) {
    routeHeader.encode(w, {
      family: addressFamily(ip),
      dstLength: 8 * ip.length,
      table: 0,
      protocol: 0,
      scope: 0,
      type: 0,
    });
    routeAttrs.encode(w, { dst: ip });
  },
  read({ body }) {
    const { type } = routeHeader.decode(body);
    return { oif: routeAttrs.decode(body).oif ?? 0, isLocal: type === TYPE_LOCAL };
  },
};

/** Like `ip route get IP`. Undefined when no route leads there. */
export function findRouteTo(client: Client, ip: Ip): RouteTo | undefined {
  return client.get(SHOW_ROUTE_TO, ip);
}

function decodeRoute({ body }: Message): Route {
  const header = routeHeader.decode(body);
  const a = routeAttrs.decode(body);
  const any = new Uint8Array(header.family === AF_INET6 ? 16 : 4);
  return {
    dst: { ip: a.dst?.slice() ?? any, length: header.dstLength },
    gateway: a.gateway?.slice(),
    ...(a.multipath && { hops: decodeHops(a.multipath).flatMap(({ gateway }) => gateway ?? []) }),
    oif: a.oif ?? 0,
    table: a.table ?? header.table,
    scope: header.scope,
    priority: a.priority,
  };
}

export interface Hop {
  readonly gateway?: Ip | undefined;
  /** ifindex of the outgoing interface. */
  readonly oif: number;
}

/** A list of struct rtnexthop, each with its own attributes. */
export function decodeHops(list: Uint8Array): Hop[] {
  const hops: Hop[] = [];
  for (const r = new Reader(list); r.left >= HOP; ) {
    const start = r.at;
    const length = r.u16();
    if (length < HOP || length > list.length - start) throw new DecodeError(`a next hop of ${length} bytes`);
    r.skip(2);
    const oif = r.u32();
    const { gateway } = routeAttrs.decode(new Reader(list, start + HOP, start + length));
    hops.push({ gateway: gateway?.slice(), oif });
    r.at = start + ((length + 3) & ~3);
  }
  return hops;
}
