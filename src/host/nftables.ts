import { errnoOf } from "../base/errno.ts";
import { Client } from "../netlink/client.ts";
import { NETLINK_NETFILTER, openSocket } from "../netlink/socket.ts";
import { tap } from "../netlink/trace.ts";
import { hasTable } from "../nft/find.ts";
import { isLack } from "./without-nftables.ts";

/** Why nf_tables cannot be used; undefined when it can. */
export function nftablesFailure(): unknown {
  try {
    withNft((client) => hasTable(client, "ip", "filter"));
    return undefined;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return error;
  }
}

/** Whether the kernel has no nf_tables. False also where nobody can say. */
export function lacksNftables(): boolean {
  return isLack(nftablesFailure());
}

/** Runs `fn` over an nfnetlink socket of its own. */
export function withNft<T>(fn: (client: Client) => T): T {
  const client = new Client(openSocket(NETLINK_NETFILTER), tap("netfilter"));
  try {
    return fn(client);
  } finally {
    client.close();
  }
}
