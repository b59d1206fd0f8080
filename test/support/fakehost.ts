/** The fake at the seam of host/host.ts: two namespaces in memory, a record of what was done to them, failures on cue. */
import { EADDRNOTAVAIL, EEXIST, ENODEV } from "../../src/base/errno.ts";
import type { Owner } from "../../src/base/owner.ts";
import type { Machine } from "../../src/features/machine.ts";
import type { Namespace } from "../../src/host/namespace.ts";
import type { Sysctls } from "../../src/host/sysctl.ts";
import { NetlinkError } from "../../src/netlink/error.ts";
import { isOf, type Request } from "../../src/netlink/request.ts";
import { ADD_ADDR, type Addr, type AddrRef, DELETE_ADDR } from "../../src/rtnl/addr.ts";
import type { LinkRef } from "../../src/rtnl/dev.ts";
import {
  ADD_BRIDGE,
  ADD_VETH,
  DELETE_LINK,
  IFF_PROMISC,
  IFF_UP,
  type LinkChange,
  type NewBridge,
  SET_LINK,
  type VethPair,
} from "../../src/rtnl/link.ts";
import type { Link } from "../../src/rtnl/read-link.ts";

/** What happens to an effect (its text in the record, its place there). */
export interface Cues {
  /** The errno with which it is refused; undefined: it is not. */
  refuses?: (effect: string, index: number) => number | undefined;
  /** It is done, but instead of the answer a SIGTERM comes. */
  interrupts?: (effect: string, index: number) => boolean;
}

export interface FakeHost extends Machine {
  /** Every effect in order, failed ones too: "host: ip link set v0 up", "ctr: sysctl KEY=1", "masquerade add …". */
  readonly log: string[];
  /** Records an effect on something else, and fails it on cue. */
  effect(text: string): void;
  /** The names of the links in the container. */
  inside(): string[];
  /** The owners of masquerade rules, as "network/containerId/ifname". */
  readonly masqueraded: ReadonlySet<string>;
  /** Puts a link there that somebody else made. */
  put(link: Partial<Link> & { name: string }): Link;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type FakeLink = Mutable<Link> & { addrs: Addr[] };

/** A network namespace. */
interface Space {
  readonly name: "host" | "ctr";
  readonly links: FakeLink[];
  readonly sysctls: Map<string, string>;
}

/** An effect, done when `run` is called, which returns the errno of a failure: that, or 0. */
type Effect = (text: string, run: () => unknown) => number;

/** A host without links of its own, and one container that has none either. */
export function fakeHost({ refuses, interrupts }: Cues = {}): FakeHost {
  const log: string[] = [];
  const masqueraded = new Set<string>();
  const spaces = { host: space("host"), ctr: space("ctr") };
  const effect: Effect = (text, run) => {
    const index = log.push(text) - 1;
    const refused = refuses?.(text, index);
    const errno = refused ?? Number(run() ?? 0);
    if (interrupts?.(text, index)) throw Object.assign(new Error("interrupted by SIGTERM"), { signal: "SIGTERM" });
    return errno;
  };
  const must = (text: string, run: () => void = () => {}) => {
    const errno = effect(text, () => void run());
    if (errno) throw new NetlinkError(text, errno);
  };
  const sandbox = { ...namespace(spaces.ctr, spaces, effect), path: "/run/netns/ctr", fd: 9 };
  return {
    ...namespace(spaces.host, spaces, effect),
    openSandbox: () => sandbox,
    openSandboxIfThere: (path) => (path === "" ? undefined : sandbox),
    masquerade: {
      add: (owner, _, only = "nftables") => {
        if (only === "iptables") must(`iptables add ${nameOf(owner)}`);
        else must(`masquerade add ${nameOf(owner)}`, () => masqueraded.add(nameOf(owner)));
        return only;
      },
      remove: (owner) => {
        const there = masqueraded.has(nameOf(owner));
        must(`masquerade remove ${nameOf(owner)}`, () => masqueraded.delete(nameOf(owner)));
        return there;
      },
      check: (owner) => (masqueraded.has(nameOf(owner)) ? undefined : `nothing for ${nameOf(owner)}`),
      gc: (network) => must(`masquerade gc ${network}`),
      restore: (owner) => {
        const missing = masqueraded.has(nameOf(owner)) ? undefined : `nothing for ${nameOf(owner)}`;
        if (missing) must(`masquerade restore ${nameOf(owner)}`, () => masqueraded.add(nameOf(owner)));
        return missing;
      },
    },
    iptables: {
      assertInstalled: () => {},
      assertWorks: () => {},
      add: (owner) => must(`iptables add ${nameOf(owner)}`),
      remove: (owner) => must(`iptables remove ${nameOf(owner)}`),
      check: () => undefined,
      restore: () => undefined,
      isReferences: () => false,
    },
    spoofCheck: {
      add: (owner, { name }) => must(`spoof-check add ${nameOf(owner)} ${name}`),
      remove: (owner) => must(`spoof-check remove ${nameOf(owner)}`),
      check: () => undefined,
      gc: (network) => must(`spoof-check gc ${network}`),
    },
    nft: {
      client: noNftables,
      failure: () => undefined,
      isLacking: () => false,
      orWithout: noNftables,
      close: () => {},
    },
    log,
    effect: (text) => must(text),
    inside: () => spaces.ctr.links.map(({ name }) => name),
    masqueraded,
    put: (link) => addLink(spaces.host, link.name, link.kind ?? "", link),
  };
}

function noNftables(): never {
  throw new Error("the fake host has no nfnetlink");
}

function nameOf({ network, containerId, ifname }: Owner): string {
  return `${network}/${containerId}/${ifname}`;
}

function space(name: Space["name"]): Space {
  return { name, links: [], sysctls: new Map() };
}

type Spaces = Record<Space["name"], Space>;

function namespace(here: Space, spaces: Spaces, effect: Effect): Namespace {
  const one = (request: Request): NetlinkError | undefined => {
    const text = request.form.text(request.object);
    const errno = effect(`${here.name}: ${text}`, () => perform(here, spaces, request));
    return errno && !request.tolerate?.includes(errno) ? new NetlinkError(text, errno) : undefined;
  };
  const find = (link: string | number) => findIn(here, link);
  return {
    findLink: (link) => copyOf(find(link)),
    findLinks: (links) => links.map((link) => copyOf(find(link))),
    listLinks: () => here.links.map((link) => ({ ...link })),
    listAddrs: (index, family = 0) =>
      (find(index)?.addrs ?? []).filter(({ prefix }) => family === 0 || (family === 2) === (prefix.ip.length === 4)),
    listRoutes: () => [],
    forwards: (family) => {
      const key = family === 2 ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding";
      return here.sysctls.get(key) === "1";
    },
    ask: () => {
      throw new Error("the fake host answers no further questions");
    },
    change: (...requests) => {
      const failure = requests.map(one).find((error) => error !== undefined);
      if (failure) throw failure;
    },
    attempt: (requests) => requests.map(one),
    findAndAttempt: (link, requests) => ({ link: copyOf(find(link)), failures: requests.map(one) }),
    attemptAndFind: (requests, link) => ({ failures: requests.map(one), link: copyOf(find(link)) }),
    enter: (fn) => fn(sysctls(here, effect)),
    awaitLink: (name, wanted) => {
      const link = copyOf(find(name));
      return link && wanted(link) ? link : undefined;
    },
    watchLinks: () => ({
      await: (index, wanted) => {
        const link = copyOf(find(index));
        return link && wanted(link) ? link : undefined;
      },
      close: () => {},
    }),
    cookie: () => (here.name === "host" ? "1" : "2"),
    close: () => {},
  };
}

function findIn({ links }: Space, ref: LinkRef): FakeLink | undefined {
  const wanted = typeof ref === "object" ? ref.index : ref;
  return links.find(({ index, name }) => index === wanted || name === wanted);
}

/** As a reply of the kernel is: it does not change any more. */
function copyOf(link: FakeLink | undefined): Link | undefined {
  return link && { ...link };
}

/** All are "0" at first. */
function sysctls({ name, sysctls: values }: Space, effect: Effect): Sysctls {
  const set = (word: string, key: string, value: string) =>
    effect(`${name}: ${word} ${key}=${value}`, () => void values.set(key, value));
  const read = (key: string) => values.get(key) ?? "0";
  return {
    read,
    isWritable: () => true,
    write: (key, value) => {
      if (read(key) === value) return;
      const errno = set("sysctl", key, value);
      if (errno) throw new NetlinkError(`sysctl ${key}`, errno);
    },
    tryWrite: (key, value) => void set("try sysctl", key, value),
  };
}

/** Does what is asked, as far as plugins look at it afterwards. Returns an errno or 0. */
function perform(here: Space, spaces: Spaces, request: Request): number {
  if (isOf(request, ADD_BRIDGE)) return makeBridge(here, request.object);
  if (isOf(request, ADD_VETH)) return makeVeth(here, spaces, request.object);
  if (isOf(request, SET_LINK)) return set(here, request.object);
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

function addLink(where: Space, name: string, kind: string, over: Partial<Link>): FakeLink {
  const index = ++lastIndex;
  const mac = Uint8Array.of(2, 0, 0, 0, index >> 8, index);
  const rest = { mtu: 1500, operstate: "down" as const, master: 0, peer: 0, alias: "", promiscuity: 0 };
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
