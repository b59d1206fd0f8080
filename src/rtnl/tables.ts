import type { Ip } from "../base/ip.ts";
import { attrs, lazyAttrs } from "../wire/attrs.ts";
import { bytes, type Coder, cstr, i32, ip, mac, rest, u8, u16, u32, type Value } from "../wire/coder.ts";
import type { Reader, Writer } from "../wire/cursor.ts";

/** Message types of rtnetlink (linux/rtnetlink.h). */
export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;
export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
export const RTM_GETROUTE = 26;
export const RTM_DELNEIGH = 29;
export const RTM_GETNETCONF = 82;

export const AF_UNSPEC = 0;
export const AF_INET = 2;
export const AF_INET6 = 10;

/** The address family of an address (linux/socket.h). */
export function addressFamily(ip: Ip): number {
  return ip.length === 4 ? AF_INET : AF_INET6;
}

/** struct ifinfomsg (linux/rtnetlink.h). */
export interface LinkHeader {
  /** 0 where the link is named by IFLA_IFNAME. */
  index?: number;
  /** IFF_* and which of them change. */
  flags?: number;
  change?: number;
}

export function writeLinkHeader(w: Writer, index: number, flags: number, change: number): void {
  w.words(0, index, flags, change);
}

export const linkHeader: Coder<LinkHeader> = {
  encode: (w, { index = 0, flags = 0, change = 0 }) => writeLinkHeader(w, index, flags, change),
  decode(r: Reader) {
    r.skip(4);
    return { index: r.i32(), flags: r.u32(), change: r.u32() };
  },
};

/** IFLA_BRPORT_*: a bridge port's own settings (linux/if_link.h). */
const bridgePort = attrs({
  hairpin: [4, u8],
  isolated: [33, u8],
});

/** The same for reading. */
export const readBridgePort = lazyAttrs({ hairpin: [4, u8], number: [18, u16], isolated: [33, u8] });

/** IFLA_BR_*. */
const bridge = { vlanFiltering: [7, u8] } as const;
export const bridgeInfo = attrs(bridge);

/** The same for reading. */
export const readBridgeInfo = lazyAttrs(bridge);

const peerAttrs = attrs({
  address: [1, mac],
  ifname: [3, cstr],
  mtu: [4, u32],
  netnsFd: [28, i32],
});
type PeerLink = Value<typeof peerAttrs> & { header?: LinkHeader };

/** VETH_INFO_PEER: a whole link message, header and attributes. */
const peerLink: Coder<PeerLink> = {
  encode(w, { header, ...attributes }) {
    linkHeader.encode(w, header ?? {});
    peerAttrs.encode(w, attributes);
  },
  decode(r) {
    return { header: linkHeader.decode(r), ...peerAttrs.decode(r) };
  },
};

export const vethInfo = attrs({ peer: [1, peerLink] });

/** IFLA_LINKINFO. `data` belongs to the kind; its coder is chosen by the caller. */
const linkInfo = attrs({
  kind: [1, cstr],
  veth: [2, vethInfo],
  slaveKind: [4, cstr],
  slaveData: [5, bridgePort],
});

/** The same for reading, where `data` depends on a kind that comes with it. */
export const readLinkInfo = lazyAttrs({
  kind: [1, cstr],
  data: [2, rest],
  slaveKind: [4, cstr],
  slaveData: [5, rest],
});

const bridgeLinkInfo = attrs({ kind: [1, cstr], data: [2, bridgeInfo] });

export const IFLA_IFNAME = 3;
export const IFLA_TXQLEN = 13;

const common = {
  address: [1, mac],
  ifname: [IFLA_IFNAME, cstr],
  mtu: [4, u32],
  master: [10, u32],
  alias: [20, cstr],
  netnsFd: [28, i32],
  extMask: [29, u32],
} as const;

/** IFLA_INET6_*: what IPv6 keeps of a link (linux/if_link.h). */
export const IFLA_INET6_CONF = 2;
export const IFLA_INET6_ADDR_GEN_MODE = 8;
/** All of net.ipv6.conf.NAME is in IFLA_INET6_CONF, as 4 bytes each in the order of DEVCONF_* (linux/ipv6.h). */
export const DEVCONF_ACCEPT_RA = 3;

const afSpec = attrs({
  inet: [AF_INET, attrs({ conf: [1, attrs({ arpNotify: [22, u32] })] })],
  inet6: [AF_INET6, attrs({ addrGenMode: [IFLA_INET6_ADDR_GEN_MODE, u8] })],
});

/** IFLA_AF_SPEC, for requests: what each family keeps of a link. IPV4_DEVCONF_* (linux/ip.h) are net.ipv4.conf.NAME. */
export const linkFamilies = attrs({ afSpec: [26, afSpec] });
/** The link-local address comes of the MAC address, or the kernel makes none. */
export const IN6_ADDR_GEN_MODE_EUI64 = 0;
export const IN6_ADDR_GEN_MODE_NONE = 1;

/** IFLA_*, for requests. */
export const linkAttrs = attrs({ ...common, linkInfo: [18, linkInfo] });
/** IFLA_*, for making a bridge. */
export const bridgeAttrs = attrs({ ...common, linkInfo: [18, bridgeLinkInfo] });
/** IFLA_*, for reading. */
export const readLinkAttrs = lazyAttrs({
  ...common,
  /** ifindex of a veth's peer in its own namespace. */
  link: [5, u32],
  txqlen: [IFLA_TXQLEN, u32],
  operstate: [16, u8],
  linkInfo: [18, rest],
  afSpec: [26, rest],
  promiscuity: [30, u32],
});

/** RTEXT_FILTER_SKIP_STATS: leave the counters out of a list (a single link comes with them all the same). */
export const SKIP_STATS = 8;

/** struct ifaddrmsg (linux/if_addr.h). */
export interface AddrHeader {
  family: number;
  prefixLength: number;
  /** The low 8 of IFA_F_*. */
  flags: number;
  scope: number;
  index: number;
}

export const addrHeader: Coder<AddrHeader> = {
  encode(w, { family, prefixLength, flags, scope, index }) {
    w.u32((family & 0xff) | ((prefixLength & 0xff) << 8) | ((flags & 0xff) << 16) | (scope << 24));
    w.u32(index);
  },
  decode: (r) => ({ family: r.u8(), prefixLength: r.u8(), flags: r.u8(), scope: r.u8(), index: r.u32() }),
};

/** IFA_*. */
export const addrAttrs = attrs({
  /** The peer's address on a point-to-point link, else the address itself. */
  address: [1, ip],
  local: [2, ip],
  broadcast: [4, ip],
  flags: [8, u32],
});

/** struct rtmsg (linux/rtnetlink.h). */
export interface RouteHeader {
  family: number;
  dstLength: number;
  /** 254 is main; a table of 256 and more goes into RTA_TABLE. */
  table: number;
  protocol: number;
  scope: number;
  type: number;
}

export const routeHeader: Coder<RouteHeader> = {
  encode(w, { family, dstLength, table, protocol, scope, type }) {
    w.u32((family & 0xff) | ((dstLength & 0xff) << 8));
    w.u32((table & 0xff) | ((protocol & 0xff) << 8) | ((scope & 0xff) << 16) | (type << 24));
    w.zero(4);
  },
  decode(r) {
    const [family = 0, dstLength = 0, , , table = 0, protocol = 0, scope = 0, type = 0] = r.take(8);
    r.skip(4);
    return { family, dstLength, table, protocol, scope, type };
  },
};

/** RTA_*. */
export const routeAttrs = attrs({
  dst: [1, ip],
  oif: [4, u32],
  gateway: [5, ip],
  priority: [6, u32],
  multipath: [9, bytes],
  table: [15, u32],
});

/** NDA_*, and struct ndmsg (linux/neighbour.h). */
export const neighAttrs = attrs({ dst: [1, ip] });

export function writeNeighHeader(w: Writer, family: number, index: number): void {
  w.u32(family);
  w.u32(index);
  w.zero(4);
}
