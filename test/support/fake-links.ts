/** The links of the fake host, in memory: what the kernel does to them when it is asked. */
import { EADDRNOTAVAIL, EEXIST, ENODEV } from "../../src/base/errno.ts";
import { isOf, type Request } from "../../src/netlink/request.ts";
import { ADD_ADDR, type Addr, type AddrRef, DELETE_ADDR } from "../../src/rtnl/addr.ts";
import type { LinkRef } from "../../src/rtnl/dev.ts";
import {
  ADD_BRIDGE,
  ADD_VETH,
  DELETE_LINK,
  IFF_ALLMULTI,
  IFF_PROMISC,
  IFF_UP,
  type LinkChange,
  type NewBridge,
  SET_LINK,
  type VethPair,
} from "../../src/rtnl/link.ts";
import type { Link } from "../../src/rtnl/read-link.ts";
import { type LinkTuning, TUNE_LINK } from "../../src/rtnl/tune-link.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type FakeLink = Mutable<Link> & { addrs: Addr[] };

/** A network namespace. */
export interface Space {
  readonly name: "host" | "ctr";
  readonly links: FakeLink[];
  readonly sysctls: Map<string, string>;
}

export function space(name: Space["name"]): Space {
  return { name, links: [], sysctls: new Map() };
}

export type Spaces = Record<Space["name"], Space>;

export function findIn({ links }: Space, ref: LinkRef): FakeLink | undefined {
  const wanted = typeof ref === "object" ? ref.index : ref;
  return links.find(({ index, name }) => index === wanted || name === wanted);
}

/** As a reply of the kernel is: it does not change any more. */
export function copyOf(link: FakeLink | undefined): Link | undefined {
  return link && { ...link };
}

/** Does what is asked, as far as plugins look at it afterwards. Returns an errno or 0. */
export function perform(here: Space, spaces: Spaces, request: Request): number {
  if (isOf(request, ADD_BRIDGE)) return makeBridge(here, request.object);
  if (isOf(request, ADD_VETH)) return makeVeth(here, spaces, request.object);
  if (isOf(request, SET_LINK)) return set(here, request.object);
  if (isOf(request, TUNE_LINK)) return tune(here, request.object);
  if (isOf(request, DELETE_LINK)) return removeLink(here, spaces, request.object);
  if (isOf(request, ADD_ADDR)) return changeAddr(here, true, request.object);
  if (isOf(request, DELETE_ADDR)) return changeAddr(here, false, request.object);
  return 0;
}

function makeBridge(here: Space, { name, mac }: NewBridge): number {
  if (findIn(here, name)) return EEXIST;
  addLink(here, name, "bridge", { mac });
  return 0;
}

function makeVeth(here: Space, { ctr }: Spaces, { end, peer }: VethPair): number {
  if (findIn(here, end.name) || findIn(ctr, peer.name)) return EEXIST;
  const master = end.master === undefined ? 0 : (findIn(here, end.master)?.index ?? 0);
  const outer = addLink(here, end.name, "veth", { master, mac: end.mac });
  const inner = addLink(ctr, peer.name, "veth", { peer: outer.index });
  outer.peer = inner.index;
  return 0;
}

let lastIndex = 1;

export function addLink(where: Space, name: string, kind: string, over: Partial<Link>): FakeLink {
  const index = ++lastIndex;
  const mac = Uint8Array.of(2, 0, 0, 0, index >> 8, index);
  const rest = { mtu: 1500, txqlen: 1000, operstate: "down" as const, master: 0, peer: 0, alias: "", promiscuity: 0 };
  const inet6 = { acceptRa: 1, addrGenMode: 0 };
  const link: FakeLink = {
    index,
    name,
    kind,
    mac,
    flags: 0,
    vlanFiltering: false,
    ...inet6,
    ...rest,
    ...over,
    addrs: [],
  };
  where.links.push(link);
  return link;
}

function isPeer(one: Link, other: Link): boolean {
  return one.kind === "veth" && one.peer === other.index;
}

function removeLink(here: Space, spaces: Spaces, ref: LinkRef): number {
  const link = findIn(here, ref);
  if (!link) return ENODEV;
  for (const { links } of Object.values(spaces)) {
    for (const one of links.filter((other) => other === link || isPeer(other, link)))
      links.splice(links.indexOf(one), 1);
  }
  return 0;
}

function tune(here: Space, { link: ref, mtu, txqlen, promisc, allmulti }: LinkTuning): number {
  const link = findIn(here, ref);
  if (!link) return ENODEV;
  if (mtu !== undefined) link.mtu = mtu;
  if (txqlen !== undefined) link.txqlen = txqlen;
  if (promisc !== undefined) link.flags = promisc ? link.flags | IFF_PROMISC : link.flags & ~IFF_PROMISC;
  if (allmulti !== undefined) link.flags = allmulti ? link.flags | IFF_ALLMULTI : link.flags & ~IFF_ALLMULTI;
  return 0;
}

function set(here: Space, { link: ref, alias, mac, promisc, up }: LinkChange): number {
  const link = findIn(here, ref);
  if (!link) return ENODEV;
  if (alias !== undefined) link.alias = alias;
  if (mac) link.mac = mac;
  if (promisc) link.flags |= IFF_PROMISC;
  if (up === undefined) return 0;
  link.flags = up ? link.flags | IFF_UP : link.flags & ~IFF_UP;
  link.operstate = up ? "up" : "down";
  return 0;
}

function changeAddr(here: Space, wanted: boolean, { dev, prefix }: AddrRef): number {
  const link = findIn(here, dev);
  if (!link) return ENODEV;
  const { index } = link;
  const same = ({ prefix: { ip, length } }: Addr) => length === prefix.length && ip.join() === prefix.ip.join();
  const there = link.addrs.some(same);
  if (wanted === there) return wanted ? EEXIST : EADDRNOTAVAIL;
  // As the kernel has it, of fe80::/10.
  const scope = prefix.ip.length === 16 && prefix.ip[0] === 0xfe ? 253 : 0;
  link.addrs = wanted ? [...link.addrs, { index, prefix, flags: 0, scope }] : link.addrs.filter((one) => !same(one));
  return 0;
}
