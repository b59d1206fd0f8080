import type { Ip } from "../base/ip.ts";
import type { Mac } from "../base/mac.ts";
import type { Client } from "../netlink/client.ts";
import type { Question } from "../netlink/request.ts";
import { attrs } from "../wire/attrs.ts";
import { bytes, ip } from "../wire/coder.ts";
import { RTM_GETNEIGH, writeNeighHeader } from "./tables.ts";

/** NUD_* (linux/neighbour.h). */
export const NUD_FAILED = 0x20;
export const NUD_NOARP = 0x40;
export const NUD_PERMANENT = 0x80;

/** What a namespace knows of a neighbour. */
export interface Neigh {
  readonly index: number;
  readonly address: Ip;
  /** Undefined where nobody has answered; of a link that is no Ethernet its address of other length. */
  readonly mac: Mac | undefined;
  /** NUD_*. */
  readonly state: number;
}

const found = attrs({ dst: [1, ip], lladdr: [2, bytes] });

const SHOW_NEIGHS: Question<undefined, Neigh> = {
  type: RTM_GETNEIGH,
  flags: 0,
  text: () => "ip neigh show",
  write: (w) => writeNeighHeader(w, 0, 0),
  read({ body }) {
    // struct ndmsg: family, padding, ifindex, state, flags and type.
    body.skip(4);
    const index = body.i32();
    const state = body.u16();
    body.skip(2);
    const { dst, lladdr } = found.decode(body);
    return { index, address: dst?.slice() ?? new Uint8Array(4), mac: lladdr?.slice(), state };
  },
};

/** Like `ip neigh show nud all`: the neighbours of all interfaces, of both families. */
export function listNeighs(client: Client): Neigh[] {
  return client.dump(SHOW_NEIGHS, undefined);
}
