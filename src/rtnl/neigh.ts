import { ENOENT } from "../base/errno.ts";
import { formatIp, type Ip } from "../base/ip.ts";
import type { Request } from "../netlink/client.ts";
import { type Dev, indexOf, wordFor } from "./dev.ts";
import { addressFamily, neighAttrs, RTM_DELNEIGH, writeNeighHeader } from "./tables.ts";

/** Like `ip neigh del ADDRESS dev LINK`; `unknown` is called when there is none. */
export function forgetNeigh(dev: Dev, address: Ip, unknown?: () => void): Request {
  return {
    operation: () => `ip neigh del ${formatIp(address)} dev ${wordFor(dev)}`,
    type: RTM_DELNEIGH,
    flags: 0,
    tolerate: [ENOENT],
    ...(unknown && { tolerated: unknown }),
    body: (w) => {
      writeNeighHeader(w, addressFamily(address), indexOf(dev));
      neighAttrs.encode(w, { dst: address });
    },
  };
}
