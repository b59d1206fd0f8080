import { EAFNOSUPPORT } from "../base/errno.ts";
import { formatMac, type Mac } from "../base/mac.ts";
import type { Change, Request } from "../netlink/request.ts";
import { encoded } from "../wire/coder.ts";
import { NLM_F_CREATE, NLM_F_EXCL } from "../wire/message.ts";
import { type Dev, indexOf, type LinkRef, wordFor, writeLink } from "./dev.ts";
import {
  bridgeAttrs,
  IN6_ADDR_GEN_MODE_NONE,
  linkAttrs,
  linkFamilies,
  RTM_DELLINK,
  RTM_NEWLINK,
  writeLinkHeader,
} from "./tables.ts";
import { addressWords } from "./words.ts";

/** Device flags (linux/if.h). */
export const IFF_UP = 0x1;
/** It was told to hear everything. Who only listens in for a while (a packet socket) does not set it. */
export const IFF_PROMISC = 0x100;
/** The same of all multicast. */
export const IFF_ALLMULTI = 0x200;
/** It has a carrier. */
export const IFF_LOWER_UP = 0x10000;

export interface NewBridge {
  readonly name: string;
  readonly mac: Mac;
  readonly mtu?: number;
  readonly vlanFiltering?: boolean;
}

export const ADD_BRIDGE: Change<NewBridge> = {
  type: RTM_NEWLINK,
  flags: NLM_F_CREATE | NLM_F_EXCL,
  text: ({ name, mac, mtu, vlanFiltering }) =>
    `ip link add ${name} ${addressWords(mac, mtu)} type bridge${vlanFiltering ? " vlan_filtering 1" : ""}`,
  write(w, { name, mac, mtu, vlanFiltering }) {
    const data = vlanFiltering ? { vlanFiltering: 1 } : {};
    writeLinkHeader(w, 0, 0, 0);
    bridgeAttrs.encode(w, { ifname: name, address: mac, mtu, linkInfo: { kind: "bridge", data } });
  },
};

/** Like `ip link add NAME address MAC [mtu N] type bridge [vlan_filtering 1]`. EEXIST when the name is taken. */
export function addBridge(bridge: NewBridge): Request<NewBridge> {
  return { form: ADD_BRIDGE, object: bridge };
}

/** A network namespace that is held open, and where it was opened. */
export interface OpenNetns {
  readonly fd: number;
  readonly path: string;
}

/** One end of a veth pair. Without `netns` it is born in the namespace of the request. */
export interface VethEnd {
  name: string;
  mac: Mac;
  mtu?: number | undefined;
  /** The bridge that it becomes a port of. */
  master?: Dev | undefined;
  netns?: OpenNetns;
}

export interface VethPair {
  readonly end: VethEnd;
  readonly peer: VethEnd;
}

export const ADD_VETH: Change<VethPair> = {
  type: RTM_NEWLINK,
  flags: NLM_F_CREATE | NLM_F_EXCL,
  text: ({ end, peer }) =>
    `ip link add ${endWords(end)}${end.master ? ` master ${wordFor(end.master)}` : ""} type veth peer name ${endWords(peer)}`,
  write(w, { end, peer }) {
    const { name, mac, mtu, netns } = peer;
    writeLinkHeader(w, 0, 0, 0);
    linkAttrs.encode(w, {
      ifname: end.name,
      address: end.mac,
      mtu: end.mtu,
      master: end.master && indexOf(end.master),
      linkInfo: { kind: "veth", veth: { peer: { ifname: name, address: mac, mtu, netnsFd: netns?.fd } } },
    });
  },
};

/** Like `ip link add NAME [mtu N] [master BRIDGE] type veth peer name PEER netns NS`. EEXIST when either name is taken. */
export function addVeth(end: VethEnd, peer: VethEnd): Request<VethPair> {
  return { form: ADD_VETH, object: { end, peer } };
}

function endWords({ name, mac, mtu, netns }: VethEnd): string {
  return `${name} ${addressWords(mac, mtu)}${netns ? ` netns ${netns.path}` : ""}`;
}

export const DELETE_LINK: Change<LinkRef> = {
  type: RTM_DELLINK,
  flags: 0,
  text: (link) => `ip link del ${wordFor(link)}`,
  write: writeLink,
};

/** Like `ip link del dev NAME`. */
export function deleteLink(link: LinkRef): Request<LinkRef> {
  return { form: DELETE_LINK, object: link };
}

/** What a bridge's port does with frames. */
export interface PortSettings {
  readonly hairpin: boolean;
  readonly isolated: boolean;
}

/** What is to be changed of a link: what is there. */
export interface LinkChange {
  readonly link: LinkRef;
  readonly mac?: Mac;
  readonly master?: Dev;
  readonly alias?: string;
  readonly up?: boolean;
  readonly promisc?: true;
  /** The sysctl net.ipv4.conf.NAME.arp_notify, set when it is up. */
  readonly arpNotify?: true;
  /** No link-local address when it comes up. */
  readonly noLinkLocal?: true;
  readonly port?: PortSettings;
}

const ARP_NOTIFY = encoded(linkFamilies, { afSpec: { inet: { conf: { arpNotify: 1 } } } });
const NO_LINK_LOCAL = encoded(linkFamilies, { afSpec: { inet6: { addrGenMode: IN6_ADDR_GEN_MODE_NONE } } });

export const SET_LINK: Change<LinkChange> = {
  type: RTM_NEWLINK,
  flags: 0,
  text: (change) => `ip link set ${wordFor(change.link)} ${changeWords(change)}`,
  also: ({ link, arpNotify }) => arpNotify && `sysctl -w net.ipv4.conf.${wordFor(link)}.arp_notify=1`,
  write(w, { link, mac, master, alias, up, promisc, arpNotify, noLinkLocal, port }) {
    const promiscFlag = promisc ? IFF_PROMISC : 0;
    writeLink(w, link, (up ? IFF_UP : 0) | promiscFlag, (up === undefined ? 0 : IFF_UP) | promiscFlag);
    if (mac) linkAttrs.put(w, "address", mac);
    if (master !== undefined) linkAttrs.put(w, "master", indexOf(master));
    if (alias !== undefined) linkAttrs.put(w, "alias", alias);
    if (port) w.bytes(portInfo(port));
    if (arpNotify) w.bytes(ARP_NOTIFY);
    if (noLinkLocal) w.bytes(NO_LINK_LOCAL);
  },
};

/** IFLA_LINKINFO for each of the settings. */
const PORT_INFO = [0, 1, 2, 3].map((bits) => {
  const slaveData = { hairpin: bits & 1, isolated: bits >> 1 };
  return encoded(linkAttrs, { linkInfo: { slaveKind: "bridge", slaveData } });
});

function portInfo({ hairpin, isolated }: PortSettings): Uint8Array {
  return PORT_INFO[(hairpin ? 1 : 0) + (isolated ? 2 : 0)] as Uint8Array;
}

function changeWords({ mac, master, alias, up, promisc, noLinkLocal, port }: LinkChange): string {
  const words = [
    mac && `address ${formatMac(mac)}`,
    master !== undefined && `master ${wordFor(master)}`,
    alias !== undefined && `alias ${alias}`,
    up !== undefined && (up ? "up" : "down"),
    promisc && "promisc on",
    noLinkLocal && "addrgenmode none",
    port && `type bridge_slave hairpin ${onOff(port.hairpin)} isolated ${onOff(port.isolated)}`,
  ];
  return words.filter(Boolean).join(" ");
}

function onOff(value: boolean): string {
  return value ? "on" : "off";
}

function set(change: LinkChange): Request<LinkChange> {
  return { form: SET_LINK, object: change };
}

/** Like `ip link set dev NAME up`. */
export function setUp(link: LinkRef): Request<LinkChange> {
  return set({ link, up: true });
}

/** Like `ip link set dev NAME up` and `sysctl net.ipv4.conf.NAME.arp_notify=1`, in this order. */
export function setUpNotifying(link: LinkRef): Request<LinkChange> {
  return set({ link, up: true, arpNotify: true });
}

/** Like `ip link set dev NAME down`. */
export function setDown(link: LinkRef): Request<LinkChange> {
  return set({ link, up: false });
}

/** Like `ip link set dev NAME promisc on`. */
export function setPromisc(link: LinkRef): Request<LinkChange> {
  return set({ link, promisc: true });
}

/**
 * Like `ip link set dev NAME address MAC`. Setting the address it has already makes the kernel announce it. EADDRNOTAVAIL for
 * a group's, EBUSY where it must be down.
 */
export function setMac(link: LinkRef, mac: Mac): Request<LinkChange> {
  return set({ link, mac });
}

/** Like `ip link set dev NAME master BRIDGE`. */
export function setMaster(link: LinkRef, master: Dev): Request<LinkChange> {
  return set({ link, master });
}

/** Like `ip link set dev NAME alias TEXT` (at most 254 bytes). */
export function setAlias(link: LinkRef, alias: string): Request<LinkChange> {
  return set({ link, alias });
}

const WITHOUT_IPV6 = [EAFNOSUPPORT];

/** Like `ip link set dev NAME addrgenmode none`: no link-local address when it comes up. Content without IPv6. */
export function setNoLinkLocal(link: LinkRef): Request<LinkChange> {
  return { form: SET_LINK, object: { link, noLinkLocal: true }, tolerate: WITHOUT_IPV6 };
}

/** Like `ip link set dev NAME type bridge_slave hairpin on|off isolated on|off`. The link must be a bridge's port. */
export function setPort(link: LinkRef, port: PortSettings): Request<LinkChange> {
  return set({ link, port });
}

/** The same with `alias TEXT up` in one: first the port's settings, then the rest. */
export function setUpPort(link: LinkRef, port: PortSettings, alias: string): Request<LinkChange> {
  return set({ link, alias, up: true, port });
}
