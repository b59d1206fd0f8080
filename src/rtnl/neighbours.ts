import { formatIp, type Ip } from "../base/ip.ts";
import { formatMac, type Mac } from "../base/mac.ts";
import type { Client } from "../netlink/client.ts";
import type { Change, Question, Request } from "../netlink/request.ts";
import { attrs } from "../wire/attrs.ts";
import { type Coder, ip, mac } from "../wire/coder.ts";
import { NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE } from "../wire/message.ts";
import { type Dev, indexOf, wordFor } from "./dev.ts";
import { addressFamily } from "./tables.ts";

/** Neighbours as `ip neigh` has them; what a container's start asks of them is in neigh.ts. */

const RTM_NEWNEIGH = 28;
const RTM_GETNEIGH = 30;

/** NUD_* (linux/neighbour.h). */
export const NEIGH_STATES = {
  none: 0x00,
  incomplete: 0x01,
  reachable: 0x02,
  stale: 0x04,
  delay: 0x08,
  probe: 0x10,
  failed: 0x20,
  noarp: 0x40,
  permanent: 0x80,
} as const;
export type NeighState = keyof typeof NEIGH_STATES;

export interface Neigh {
  readonly dev: Dev;
  readonly address: Ip;
  /** Absent while nobody has answered. */
  readonly mac?: Mac | undefined;
  /** NUD_*. */
  readonly state: number;
}

/** struct ndmsg. */
interface NeighHeader {
  readonly family: number;
  readonly index: number;
  readonly state: number;
}

export const neighHeader: Coder<NeighHeader> = {
  encode(w, { family, index, state }) {
    w.u32(family);
    w.u32(index);
    w.u32(state);
  },
  decode(r) {
    const family = r.u8();
    r.skip(3);
    const index = r.u32();
    const state = r.u16();
    r.skip(2);
    return { family, index, state };
  },
};

/** NDA_*. */
export const neighbourAttrs = attrs({ dst: [1, ip], lladdr: [2, mac] });

function change(verb: string, flags: number): Change<Neigh> {
  return {
    type: RTM_NEWNEIGH,
    flags,
    text: ({ dev, address, mac }) =>
      `ip neigh ${verb} ${formatIp(address)}${mac ? ` lladdr ${formatMac(mac)}` : ""} dev ${wordFor(dev)}`,
    write(w, { dev, address, mac, state }) {
      neighHeader.encode(w, { family: addressFamily(address), index: indexOf(dev), state });
      neighbourAttrs.encode(w, { dst: address, lladdr: mac });
    },
  };
}

export const ADD_NEIGH = change("add", NLM_F_CREATE | NLM_F_EXCL);
export const REPLACE_NEIGH = change("replace", NLM_F_CREATE | NLM_F_REPLACE);

/** Like `ip neigh add ADDRESS lladdr MAC dev LINK nud STATE`. EEXIST when there is one. */
export function addNeigh(neigh: Neigh): Request<Neigh> {
  return { form: ADD_NEIGH, object: neigh };
}

/** Like `ip neigh replace ADDRESS lladdr MAC dev LINK nud STATE`. */
export function replaceNeigh(neigh: Neigh): Request<Neigh> {
  return { form: REPLACE_NEIGH, object: neigh };
}

const SHOW_NEIGHS: Question<number, Neigh> = {
  type: RTM_GETNEIGH,
  flags: 0,
  text: () => "ip neigh show nud all",
  write: (w, family) => neighHeader.encode(w, { family, index: 0, state: 0 }),
  read({ body }) {
    const { index, state } = neighHeader.decode(body);
    const { dst, lladdr } = neighbourAttrs.decode(body);
    return { dev: index, address: dst?.slice() ?? new Uint8Array(4), mac: lladdr?.slice(), state };
  },
};

/** Like `ip neigh show nud all`, of one family (AF_INET, AF_INET6). */
export function listNeighs(client: Client, family: number): Neigh[] {
  return client.dump(SHOW_NEIGHS, family);
}
