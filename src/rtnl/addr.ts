import { EEXIST } from "../base/errno.ts";
import { formatPrefix, lastOf, type Prefix } from "../base/ip.ts";
import type { Client } from "../netlink/client.ts";
import type { Change, Question, Request } from "../netlink/request.ts";
import type { Writer } from "../wire/cursor.ts";
import { type Message, NLM_F_CREATE, NLM_F_EXCL } from "../wire/message.ts";
import { type Dev, indexOf, wordFor } from "./dev.ts";
import { addrAttrs, addressFamily, addrHeader, RTM_DELADDR, RTM_GETADDR, RTM_NEWADDR } from "./tables.ts";

/** Address flags (linux/if_addr.h). */
export const IFA_F_NODAD = 0x02;
export const IFA_F_DADFAILED = 0x08;
export const IFA_F_TENTATIVE = 0x40;

/** An address on an interface. */
export interface Addr {
  readonly index: number;
  readonly prefix: Prefix;
  /** IFA_F_*. */
  readonly flags: number;
  /** 0 is global, 253 link, 254 host. */
  readonly scope: number;
}

interface List {
  readonly index: number;
  readonly family: number;
}

const SHOW_ADDRS: Question<List, Addr> = {
  type: RTM_GETADDR,
  flags: 0,
  text: ({ index }) => `ip addr show${index ? ` dev ${index}` : ""}`,
  write: (w, { family, index }) => addrHeader.encode(w, { family, prefixLength: 0, flags: 0, scope: 0, index }),
  read: decodeAddr,
};

/** Like `ip addr show dev LINK`, of one family (AF_INET, AF_INET6) or, with 0, of both. In the kernel's order. */
export function listAddrs(client: Client, index: number, family = 0): Addr[] {
  return client.dump(SHOW_ADDRS, { index, family }).filter((addr) => addr.index === index);
}

/** Like `ip addr show`: of all links. */
export function listAllAddrs(client: Client, family = 0): Addr[] {
  return client.dump(SHOW_ADDRS, { index: 0, family });
}

export interface NewAddr {
  readonly dev: Dev;
  readonly prefix: Prefix;
  /** IFA_F_*. */
  readonly flags: number;
}

export const ADD_ADDR: Change<NewAddr> = {
  type: RTM_NEWADDR,
  flags: NLM_F_CREATE | NLM_F_EXCL,
  text: ({ dev, prefix }) => `ip addr add ${formatPrefix(prefix)} dev ${wordFor(dev)}`,
  write(w, { dev, prefix, flags }) {
    writeHeader(w, indexOf(dev), prefix, flags);
    if (prefix.ip.length === 4 && prefix.length < 31) addrAttrs.put(w, "broadcast", lastOf(prefix));
  },
};

/** Like `ip addr add PREFIX brd + dev LINK`, with IFA_F_* `flags`. EEXIST when it is there already. */
export function addAddr(dev: Dev, prefix: Prefix, flags = 0): Request<NewAddr> {
  return { form: ADD_ADDR, object: { dev, prefix, flags } };
}

const THERE = [EEXIST];

/** Like `ip addr add PREFIX brd + dev LINK [nodad]` (IPv6); an address that is there already counts as success. */
export function ensureAddr(dev: Dev, prefix: Prefix): Request<NewAddr> {
  const flags = prefix.ip.length === 16 ? IFA_F_NODAD : 0;
  return { form: ADD_ADDR, object: { dev, prefix, flags }, tolerate: THERE };
}

export type AddrRef = Pick<NewAddr, "dev" | "prefix">;

export const DELETE_ADDR: Change<AddrRef> = {
  type: RTM_DELADDR,
  flags: 0,
  text: ({ dev, prefix }) => `ip addr del ${formatPrefix(prefix)} dev ${wordFor(dev)}`,
  write(w, { dev, prefix }) {
    writeHeader(w, indexOf(dev), prefix, 0);
  },
};

/** Like `ip addr del PREFIX dev LINK`. EADDRNOTAVAIL when it is not there. */
export function deleteAddr(dev: Dev, prefix: Prefix): Request<AddrRef> {
  return { form: DELETE_ADDR, object: { dev, prefix } };
}

function writeHeader(w: Writer, index: number, prefix: Prefix, flags: number): void {
  addrHeader.encode(w, {
    family: addressFamily(prefix.ip),
    prefixLength: prefix.length,
    flags,
    scope: 0,
    index,
  });
  addrAttrs.put(w, "local", prefix.ip);
  addrAttrs.put(w, "address", prefix.ip);
}

function decodeAddr({ body }: Message): Addr {
  const header = addrHeader.decode(body);
  const { address, local, flags } = addrAttrs.decode(body);
  const ip = (local ?? address ?? new Uint8Array(4)).slice();
  return {
    index: header.index,
    prefix: { ip, length: header.prefixLength },
    flags: flags ?? header.flags,
    scope: header.scope,
  };
}
