import { formatIp, type Ip } from "../base/ip.ts";
import type { Request } from "../netlink/client.ts";
import { addressFamily, neighAttrs, RTM_DELNEIGH, writeNeighHeader } from "./tables.ts";

/** Like `ip neigh del ADDRESS dev LINK`. ENOENT when there is none. */
export function forgetNeigh(index: number, address: Ip): Request {
  return {
    operation: () => `ip neigh del ${formatIp(address)} dev ${index}`,
    type: RTM_DELNEIGH,
    flags: 0,
    body: (w) => {
      writeNeighHeader(w, addressFamily(address), index);
      neighAttrs.encode(w, { dst: address });
    },
  };
}
