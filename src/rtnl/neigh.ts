import { ENOENT } from "../base/errno.ts";
import { formatIp, type Ip } from "../base/ip.ts";
import type { Change, Request } from "../netlink/request.ts";
import { type Dev, indexOf, wordFor } from "./dev.ts";
import { addressFamily, neighAttrs, RTM_DELNEIGH, writeNeighHeader } from "./tables.ts";

/** A neighbour by its address. */
export interface NeighRef {
  readonly dev: Dev;
  readonly address: Ip;
}

export const DELETE_NEIGH: Change<NeighRef> = {
  type: RTM_DELNEIGH,
  flags: 0,
  text: ({ dev, address }) => `ip neigh del ${formatIp(address)} dev ${wordFor(dev)}`,
  write(w, { dev, address }) {
    writeNeighHeader(w, addressFamily(address), indexOf(dev));
    neighAttrs.put(w, "dst", address);
  },
};

const UNKNOWN = [ENOENT];

/** Like `ip neigh del ADDRESS dev LINK`; `unknown` is called when there is none. */
export function forgetNeigh(dev: Dev, address: Ip, unknown?: () => void): Request<NeighRef> {
  return { form: DELETE_NEIGH, object: { dev, address }, tolerate: UNKNOWN, tolerated: unknown };
}
