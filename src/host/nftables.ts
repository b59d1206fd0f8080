import { errnoOf } from "../base/errno.ts";
import { Client } from "../netlink/client.ts";
import { NETLINK_NETFILTER, openSocket } from "../netlink/socket.ts";
import { tap } from "../netlink/trace.ts";
import { hasTable } from "../nft/find.ts";

/** Why nf_tables cannot be used; undefined when it can. */
export function nftablesFailure(): unknown {
  try {
    const client = new Client(openSocket(NETLINK_NETFILTER), tap("netfilter"));
    try {
      hasTable(client, "ip", "filter");
    } finally {
      client.close();
    }
    return undefined;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return error;
  }
}
