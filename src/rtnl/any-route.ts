import { formatIp, formatPrefix, type Ip, type Prefix } from "../base/ip.ts";
import type { Client } from "../netlink/client.ts";
import type { Change, Question, Request } from "../netlink/request.ts";
import { attrs } from "../wire/attrs.ts";
import { bytes, ip, u32 } from "../wire/coder.ts";
import type { Writer } from "../wire/cursor.ts";
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from "../wire/message.ts";
import { type Dev, indexOf, wordFor } from "./dev.ts";
import { decodeHops, type Hop } from "./route.ts";
import { AF_INET6, addressFamily, RTM_DELROUTE, RTM_GETROUTE, RTM_NEWROUTE, routeHeader } from "./tables.ts";

/** Routes with what route.ts, which containers' starts pay for, leaves out: type, protocol, source; any table. */

/** RTN_* (linux/rtnetlink.h). */
export const ROUTE_TYPES = {
  unicast: 1,
  local: 2,
  broadcast: 3,
  anycast: 4,
  multicast: 5,
  blackhole: 6,
  unreachable: 7,
  prohibit: 8,
  throw: 9,
} as const;
export type RouteType = keyof typeof ROUTE_TYPES;

export interface AnyRoute {
  /** RTN_*. */
  readonly type: number;
  readonly dst: Prefix;
  readonly gateway?: Ip | undefined;
  /** Of a route over several; else absent. */
  readonly hops?: readonly Hop[] | undefined;
  /** Absent: it leads to no interface, or to several. */
  readonly oif?: Dev | undefined;
  readonly table: number;
  /** RTPROT_*: who made it; 2 is the kernel, 3 boot (whoever says nothing), 4 static. */
  readonly protocol: number;
  /** RT_SCOPE_*. */
  readonly scope: number;
  /** The metric. Absent: the kernel's default. */
  readonly priority?: number | undefined;
  /** The address that packets come from when their sender names none. */
  readonly src?: Ip | undefined;
}

/** RTA_*. */
export const anyRouteAttrs = attrs({
  dst: [1, ip],
  oif: [4, u32],
  gateway: [5, ip],
  priority: [6, u32],
  src: [7, ip],
  multipath: [9, bytes],
  table: [15, u32],
});

function write(w: Writer, { dst, gateway, oif, priority, src, table, protocol, scope, type }: AnyRoute): void {
  const family = addressFamily(dst.ip);
  routeHeader.encode(w, { family, dstLength: dst.length, table: table < 256 ? table : 0, protocol, scope, type });
  const link = oif === undefined ? undefined : indexOf(oif);
  const large = table < 256 ? undefined : table;
  anyRouteAttrs.encode(w, { dst: dst.ip, gateway, src, priority, table: large, oif: link });
}

function change(verb: string, type: number, flags: number): Change<AnyRoute> {
  return { type, flags, text: (route) => `ip route ${verb} ${words(route)}`, write };
}

function words({ type, dst, gateway, oif, table }: AnyRoute): string {
  const kind = Object.entries(ROUTE_TYPES).find(([name, number]) => number === type && name !== "unicast");
  const parts = [
    ...(kind ? [kind[0]] : []),
    formatPrefix(dst),
    ...(gateway ? [`via ${formatIp(gateway)}`] : []),
    ...(oif ? [`dev ${wordFor(oif)}`] : []),
    ...(table === 254 ? [] : [`table ${table}`]),
  ];
  return parts.join(" ");
}

export const ADD_ANY_ROUTE = change("add", RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
export const REPLACE_ROUTE = change("replace", RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
export const DELETE_ANY_ROUTE = change("del", RTM_DELROUTE, 0);

/** Like `ip route add`. EEXIST when its table has one to that destination with that metric. */
export function addAnyRoute(route: AnyRoute): Request<AnyRoute> {
  return { form: ADD_ANY_ROUTE, object: route };
}

/** Like `ip route replace`: in the place of one to that destination with that metric, or new. */
export function replaceRoute(route: AnyRoute): Request<AnyRoute> {
  return { form: REPLACE_ROUTE, object: route };
}

/** Like `ip route del`: the first that is as it says; what is 0 or absent may be anything (type and table may not). ESRCH when there is none. */
export function deleteAnyRoute(route: AnyRoute): Request<AnyRoute> {
  return { form: DELETE_ANY_ROUTE, object: route };
}

/** Of one family. */
const SHOW_ROUTES: Question<number, AnyRoute> = {
  type: RTM_GETROUTE,
  flags: 0,
  text: (family) => `ip ${family === AF_INET6 ? "-6" : "-4"} route show table all`,
  write: (w, family) => routeHeader.encode(w, { family, dstLength: 0, table: 0, protocol: 0, scope: 0, type: 0 }),
  read({ body }) {
    const { family, dstLength, ...header } = routeHeader.decode(body);
    const { dst, gateway, oif, priority, src, multipath, table } = anyRouteAttrs.decode(body);
    const any = new Uint8Array(family === AF_INET6 ? 16 : 4);
    return {
      ...header,
      dst: { ip: dst?.slice() ?? any, length: dstLength },
      gateway: gateway?.slice(),
      ...(multipath && { hops: decodeHops(multipath) }),
      oif,
      priority,
      src: src?.slice(),
      table: table ?? header.table,
    };
  },
};

/** Like `ip route show table all` of one family. */
export function listAnyRoutes(client: Client, family: number): AnyRoute[] {
  return client.dump(SHOW_ROUTES, family);
}
