import { networkOf as firstOf, formatIp, formatPrefix, type Prefix } from "../../base/ip.ts";
import type { Client } from "../../netlink/client.ts";
import {
  type AnyRoute,
  addAnyRoute,
  deleteAnyRoute,
  listAnyRoutes,
  ROUTE_TYPES,
  type RouteType,
  replaceRoute,
} from "../../rtnl/any-route.ts";
import { findRouteTo } from "../../rtnl/route.ts";
import { SCOPES, type Scope } from "./addresses.ts";
import { deviceOf, type LinkRef } from "./devices.ts";
import { familiesOf, familyOf, type IpFamily, ipOf, networkOf, oneOf, refusal, wholeOf, wordOf } from "./values.ts";

/** RTPROT_* (linux/rtnetlink.h): who made a route. */
const PROTOCOLS = { unspec: 0, redirect: 1, kernel: 2, boot: 3, static: 4, ra: 9, dhcp: 16 } as const;

/** RT_TABLE_*. */
const TABLES = { default: 253, main: 254, local: 255 } as const;

export interface RouteInfo {
  readonly type: RouteType | `${number}`;
  /** "default", or with the prefix length. */
  readonly to: string;
  readonly family: IpFamily;
  /** Absent: the destination is on the link, or there are several. */
  readonly via?: string;
  /** Index of the outgoing interface. Absent: it leads to none, or to several. */
  readonly link?: number;
  /** Of a route over several. */
  readonly hops?: readonly { readonly via?: string; readonly link: number }[];
  /** 254 is main, 255 local. */
  readonly table: number;
  readonly protocol: keyof typeof PROTOCOLS | `${number}`;
  readonly scope: Scope | `${number}`;
  /** Absent: the kernel's default. */
  readonly metric?: number;
  /** The address that packets come from when their sender names none. */
  readonly src?: string;
}

export interface NewRoute {
  /** A prefix, an address, or "default": of the family of `via`, without one of IPv4 ("::/0" is that of IPv6). */
  readonly to: string;
  /** Absent: the destination is on the link. */
  readonly via?: string;
  /** Absent: the link on which `via` is. */
  readonly link?: LinkRef;
  /** Absent: unicast. */
  readonly type?: RouteType;
  /** Absent: main. */
  readonly table?: number;
  /** Absent: static; of a route to be deleted: any. */
  readonly protocol?: keyof typeof PROTOCOLS;
  /** Absent: link for one without `via` (IPv4), else global. */
  readonly scope?: Scope;
  readonly metric?: number;
  readonly src?: string;
}

/** What is deleted: of several the first that is so. */
export type RouteRef = Omit<NewRoute, "scope">;

const WORD = 0xffffffff;

/** Routes of one network namespace: `ip route`. */
export class Routes {
  readonly #client: Client;

  /** @internal */
  constructor(client: Client) {
    this.#client = client;
  }

  /** Like `ip route show table TABLE` (absent: main), of one family or of both. */
  list({
    family,
    table = "main",
  }: {
    readonly family?: IpFamily;
    readonly table?: number | "all" | keyof typeof TABLES;
  } = {}): RouteInfo[] {
    const wanted = typeof table === "string" && table !== "all" ? TABLES[oneOf("table", table, TABLES)] : table;
    const found = familiesOf(family).flatMap((number) => listAnyRoutes(this.#client, number));
    return found.filter((route) => wanted === "all" || route.table === wanted).map(routeInfo);
  }

  /** Like `ip route get IP`: the index of the link by which packets leave, and whether the address is the machine's own. Undefined when no route leads there. */
  get(ip: string): { readonly link: number; readonly isLocal: boolean } | undefined {
    const found = findRouteTo(this.#client, ipOf("ip", ip));
    return found && { link: found.oif, isLocal: found.isLocal };
  }

  /** Like `ip route add`. EEXIST when there is one, ENETUNREACH when `via` is on no link, ENETDOWN when that is down, ENODEV. */
  add(route: NewRoute): void {
    this.#client.change(addAnyRoute(this.#routeOf(route)));
  }

  /** Like `ip route replace`: in the place of one to the same destination with the same metric, or new. */
  replace(route: NewRoute): void {
    this.#client.change(replaceRoute(this.#routeOf(route)));
  }

  /** Like `ip route del`. ESRCH when there is none. */
  delete(route: RouteRef): void {
    const { protocol, ...given } = this.#routeOf(route);
    const any = route.protocol === undefined ? PROTOCOLS.unspec : protocol;
    this.#client.change(deleteAnyRoute({ ...given, protocol: any, scope: SCOPES.nowhere }));
  }

  #routeOf(route: NewRoute): AnyRoute {
    const { to, via, link, type = "unicast", table = TABLES.main, protocol = "static", scope, metric, src } = route;
    const gateway = via === undefined ? undefined : ipOf("via", via);
    const dst = destinationOf(to, gateway);
    if (gateway && gateway.length !== dst.ip.length) throw refusal("via", via, `an address of the family of ${to}`);
    const near = !gateway && dst.ip.length === 4 && type === "unicast" ? "link" : "global";
    return {
      type: ROUTE_TYPES[oneOf("type", type, ROUTE_TYPES)],
      dst,
      gateway,
      oif: link === undefined ? undefined : deviceOf(this.#client, link),
      table: wholeOf("table", table, 1, WORD),
      protocol: PROTOCOLS[oneOf("protocol", protocol, PROTOCOLS)],
      scope: SCOPES[oneOf("scope", scope ?? near, SCOPES)],
      priority: metric === undefined ? undefined : wholeOf("metric", metric, 0, WORD),
      src: src === undefined ? undefined : ipOf("src", src),
    };
  }
}

/** The kernel refuses host bits; `ip` clears them, too. */
function destinationOf(to: string, gateway: Uint8Array | undefined): Prefix {
  if (to === "default") return { ip: new Uint8Array(gateway?.length ?? 4), length: 0 };
  const prefix = networkOf("to", to);
  return { ip: firstOf(prefix), length: prefix.length };
}

function routeInfo(route: AnyRoute): RouteInfo {
  const { type, dst, gateway, hops, oif, table, protocol, scope, priority, src } = route;
  return {
    type: wordOf(ROUTE_TYPES, type),
    to: dst.length === 0 ? "default" : formatPrefix(dst),
    family: familyOf(dst.ip),
    ...(gateway && { via: formatIp(gateway) }),
    ...(typeof oif === "number" && { link: oif }),
    ...(hops && { hops: hops.map(({ gateway, oif }) => ({ ...(gateway && { via: formatIp(gateway) }), link: oif })) }),
    table,
    protocol: wordOf(PROTOCOLS, protocol),
    scope: wordOf(SCOPES, scope),
    ...(priority !== undefined && { metric: priority }),
    ...(src && { src: formatIp(src) }),
  };
}
