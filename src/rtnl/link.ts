import { EAFNOSUPPORT, ENODEV, isErrno } from "../base/errno.ts";
import { formatMac, type Mac } from "../base/mac.ts";
import type { Client, Request } from "../netlink/client.ts";
import type { Coder } from "../wire/coder.ts";
import type { Writer } from "../wire/cursor.ts";
import { NLM_F_CREATE, NLM_F_EXCL } from "../wire/message.ts";
import { type Dev, indexOf, wordFor } from "./dev.ts";
import { decodeLink, type Link } from "./read-link.ts";
import {
  bridgeAttrs,
  IN6_ADDR_GEN_MODE_NONE,
  type LinkHeader,
  linkAttrs,
  linkFamilies,
  linkHeader,
  RTM_DELLINK,
  RTM_GETLINK,
  RTM_NEWLINK,
  SKIP_STATS,
} from "./tables.ts";

/** Device flags (linux/if.h). */
export const IFF_UP = 0x1;
export const IFF_PROMISC = 0x100;
/** It has a carrier. */
export const IFF_LOWER_UP = 0x10000;

/** An interface by its name, or by its index, with or without the name for errors. */
type LinkRef = string | Dev;

/** Like `ip -d link show dev NAME`. Undefined when there is no such interface. */
export function findLink(client: Client, link: string | number): Link | undefined {
  try {
    return client.get(`ip link show ${link}`, RTM_GETLINK, byName(link, { extMask: SKIP_STATS }), decodeLink);
  } catch (error) {
    if (isErrno(error, ENODEV)) return undefined;
    throw error;
  }
}

/** The same as a question among changes: `found` is not called when there is no such interface. */
export function showLink(link: string | number, found: (link: Link) => void): Request {
  return {
    operation: () => `ip link show ${link}`,
    type: RTM_GETLINK,
    flags: 0,
    tolerate: [ENODEV],
    body: byName(link, { extMask: SKIP_STATS }),
    answer: (message) => found(decodeLink(message)),
  };
}

/** Like `ip -d link show`: every interface of the namespace. */
export function listLinks(client: Client): Link[] {
  return client.dump("ip link show", RTM_GETLINK, message({}, linkAttrs, { extMask: SKIP_STATS }), decodeLink);
}

/** Like `ip link add NAME address MAC [mtu N] type bridge [vlan_filtering 1]`. EEXIST when the name is taken. */
export function addBridge(bridge: { name: string; mac: Mac; mtu?: number; vlanFiltering?: boolean }): Request {
  const { name, mac, mtu, vlanFiltering } = bridge;
  const data = vlanFiltering ? { vlanFiltering: 1 } : {};
  return {
    operation: () =>
      `ip link add ${name} address ${formatMac(mac)}${mtu ? ` mtu ${mtu}` : ""} type bridge${vlanFiltering ? " vlan_filtering 1" : ""}`,
    type: RTM_NEWLINK,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    body: message({}, bridgeAttrs, { ifname: name, address: mac, mtu, linkInfo: { kind: "bridge", data } }),
  };
}

/** One end of a veth pair. Without `netns` (an open namespace) it is born in the namespace of the request. */
export interface VethEnd {
  name: string;
  mac: Mac;
  mtu?: number | undefined;
  /** The bridge that it becomes a port of. */
  master?: Dev;
  netns?: number;
}

/** Like `ip link add NAME [mtu N] [master BRIDGE] type veth peer name PEER netns NS`. EEXIST when either name is taken. */
export function addVeth(end: VethEnd, peer: VethEnd): Request {
  return {
    operation: () =>
      `ip link add ${end.name} ${endWords(end)}${end.master ? ` master ${wordFor(end.master)}` : ""} type veth peer name ${peer.name} ${endWords(peer)}`,
    type: RTM_NEWLINK,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    body: message({}, linkAttrs, {
      ifname: end.name,
      address: end.mac,
      mtu: end.mtu,
      master: end.master && indexOf(end.master),
      linkInfo: {
        kind: "veth",
        veth: { peer: { ifname: peer.name, address: peer.mac, mtu: peer.mtu, netnsFd: peer.netns } },
      },
    }),
  };
}

function endWords({ mac, mtu }: VethEnd): string {
  return `address ${formatMac(mac)}${mtu ? ` mtu ${mtu}` : ""}`;
}

/** Like `ip link del dev NAME`. */
export function deleteLink(link: LinkRef): Request {
  return { operation: () => `ip link del ${labelOf(link)}`, type: RTM_DELLINK, flags: 0, body: byName(link, {}) };
}

/** Like `ip link set dev NAME up`. */
export function setUp(link: LinkRef): Request {
  return change(link, () => "up", {}, IFF_UP, IFF_UP);
}

/** Like `ip link set dev NAME up` and `sysctl net.ipv4.conf.NAME.arp_notify=1`, in this order. */
export function setUpNotifying(link: LinkRef): Request {
  const inet = { conf: { arpNotify: 1 } };
  return changeFamilies(
    change(link, () => "up arp_notify 1", {}, IFF_UP, IFF_UP),
    { inet },
  );
}

/** Like `ip link set dev NAME down`. */
export function setDown(link: LinkRef): Request {
  return change(link, () => "down", {}, 0, IFF_UP);
}

/** Like `ip link set dev NAME promisc on`. */
export function setPromisc(link: LinkRef): Request {
  return change(link, () => "promisc on", {}, IFF_PROMISC, IFF_PROMISC);
}

/** Like `ip link set dev NAME address MAC`. Setting the address it has already makes the kernel announce it. */
export function setMac(link: LinkRef, mac: Mac): Request {
  return change(link, () => `address ${formatMac(mac)}`, { address: mac });
}

/** Like `ip link set dev NAME master BRIDGE`. */
export function setMaster(link: LinkRef, master: Dev): Request {
  return change(link, () => `master ${wordFor(master)}`, { master: indexOf(master) });
}

/** Like `ip link set dev NAME alias TEXT` (at most 254 bytes). */
export function setAlias(link: LinkRef, alias: string): Request {
  return change(link, () => `alias ${alias}`, { alias });
}

/** Like `ip link set dev NAME addrgenmode none`: no link-local address when it comes up. Content without IPv6. */
export function setNoLinkLocal(link: LinkRef): Request {
  const inet6 = { addrGenMode: IN6_ADDR_GEN_MODE_NONE };
  return {
    ...changeFamilies(
      change(link, () => "addrgenmode none", {}),
      { inet6 },
    ),
    tolerate: [EAFNOSUPPORT],
  };
}

/** What a bridge's port does with frames. */
export interface PortSettings {
  readonly hairpin: boolean;
  readonly isolated: boolean;
}

/** Like `ip link set dev NAME type bridge_slave hairpin on|off isolated on|off`. The link must be a bridge's port. */
export function setPort(link: LinkRef, port: PortSettings): Request {
  return change(link, () => portWords(port), slaveInfo(port));
}

/** The same with `alias TEXT up` in one: first the port's settings, then the rest. */
export function setUpPort(link: LinkRef, port: PortSettings, alias: string): Request {
  const words = () => `alias ${alias} up ${portWords(port)}`;
  return change(link, words, { alias, ...slaveInfo(port) }, IFF_UP, IFF_UP);
}

function slaveInfo({ hairpin, isolated }: PortSettings): LinkValue {
  return { linkInfo: { slaveKind: "bridge", slaveData: { hairpin: hairpin ? 1 : 0, isolated: isolated ? 1 : 0 } } };
}

function portWords({ hairpin, isolated }: PortSettings): string {
  return `type bridge_slave hairpin ${onOff(hairpin)} isolated ${onOff(isolated)}`;
}

function onOff(value: boolean): string {
  return value ? "on" : "off";
}

function labelOf(link: LinkRef): string {
  return typeof link === "string" ? link : wordFor(link);
}

type LinkValue = Parameters<typeof linkAttrs.encode>[1];

function change(link: LinkRef, words: () => string, attributes: LinkValue, flags = 0, mask = 0): Request {
  return {
    operation: () => `ip link set ${labelOf(link)} ${words()}`,
    type: RTM_NEWLINK,
    flags: 0,
    body: byName(link, attributes, { flags, change: mask }),
  };
}

/** The same change, and what families of protocols keep of the link. */
function changeFamilies(request: Request, afSpec: Parameters<typeof linkFamilies.encode>[1]["afSpec"]): Request {
  const body = (w: Writer) => {
    request.body(w);
    linkFamilies.encode(w, { afSpec });
  };
  return { ...request, body };
}

/** The body of a request about one interface, by name or index. */
function byName(link: LinkRef, attributes: LinkValue, header: LinkHeader = {}): (w: Writer) => void {
  return typeof link === "string"
    ? message(header, linkAttrs, { ifname: link, ...attributes })
    : message({ ...header, index: indexOf(link) }, linkAttrs, attributes);
}

function message<V>(header: LinkHeader, coder: Coder<V>, attributes: V): (w: Writer) => void {
  return (w) => {
    linkHeader.encode(w, header);
    coder.encode(w, attributes);
  };
}
