import { ENOENT } from "../base/errno.ts";
import { formatIp, type Ip } from "../base/ip.ts";
import type { Request } from "../netlink/client.ts";
import { addressFamily, neighAttrs, RTM_DELNEIGH, writeNeighHeader } from "./tables.ts";

/** Like `ip neigh del ADDRESS dev LINK`; `unknown` is called when there is none. */
export function forgetNeigh(index: number, address: Ip, unknown?: () => void): Request {
  return {
    operation: () => `ip neigh del ${formatIp(address)} dev ${index}`,
    type: RTM_DELNEIGH,
    flags: 0,
    tolerate: [ENOENT],
    ...(unknown && { tolerated: unknown }),
    body: (w) => {
      writeNeighHeader(w, addressFamily(address), index);
      neighAttrs.encode(w, { dst: address });
    },
  };
}
