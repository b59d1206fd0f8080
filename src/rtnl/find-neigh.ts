import { ENOENT } from "../base/errno.ts";
import { formatIp } from "../base/ip.ts";
import type { Mac } from "../base/mac.ts";
import type { Change, Question, Request } from "../netlink/request.ts";
import { attrs } from "../wire/attrs.ts";
import { mac } from "../wire/coder.ts";
import { NLM_F_CREATE } from "../wire/message.ts";
import { indexOf, wordFor } from "./dev.ts";
import type { NeighRef } from "./neigh.ts";
import { addressFamily, neighAttrs, writeNeighHeader } from "./tables.ts";

const RTM_NEWNEIGH = 28;
const RTM_GETNEIGH = 30;
/** Solicit it, as a packet to it would. */
const NTF_USE = 1;

/** NUD_*, by bit. */
const STATES = ["incomplete", "reachable", "stale", "delay", "probe", "failed", "noarp", "permanent"] as const;
export type NeighState = (typeof STATES)[number] | "none";

/** What the kernel knows of a neighbour. */
export interface Neigh {
  readonly state: NeighState;
  /** Undefined while nobody has answered. */
  readonly mac: Mac | undefined;
}

const lladdr = attrs({ mac: [2, mac] });

const SHOW_NEIGH: Question<NeighRef, Neigh> = {
  type: RTM_GETNEIGH,
  flags: 0,
  absent: ENOENT,
  text: ({ dev, address }) => `ip neigh get ${formatIp(address)} dev ${wordFor(dev)}`,
  write(w, { dev, address }) {
    writeNeighHeader(w, addressFamily(address), indexOf(dev));
    neighAttrs.put(w, "dst", address);
  },
  read({ body }) {
    body.skip(8);
    const bits = body.u16();
    body.skip(2);
    const state = STATES.find((_, bit) => bits & (1 << bit)) ?? "none";
    return { state, mac: lladdr.decode(body).mac?.slice() };
  },
};

/** Like `ip neigh get ADDRESS dev LINK`, for Client.get: undefined when the kernel knows of none. */
export const findNeigh = SHOW_NEIGH;

const USE_NEIGH: Change<NeighRef> = {
  type: RTM_NEWNEIGH,
  flags: NLM_F_CREATE,
  text: ({ dev, address }) => `ip neigh replace ${formatIp(address)} dev ${wordFor(dev)} use`,
  write(w, { dev, address }) {
    w.u32(addressFamily(address));
    w.u32(indexOf(dev));
    w.u32(NTF_USE << 16);
    neighAttrs.put(w, "dst", address);
  },
};

/** Like `ip neigh replace ADDRESS dev LINK use`: asks the link who has the address, where that is not known. ENETDOWN where it is down. */
export function useNeigh(ref: NeighRef): Request<NeighRef> {
  return { form: USE_NEIGH, object: ref };
}
