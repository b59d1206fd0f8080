import { errnoOf } from "../base/errno.ts";
import { Client } from "../netlink/client.ts";
import { NETLINK_NETFILTER, openSocket } from "../netlink/socket.ts";
import { tap } from "../netlink/trace.ts";
import { findChain, hasTable } from "../nft/find.ts";

/** What the machine's firewall can do, and does to everyone. */
export interface Firewall {
  /** Why nf_tables cannot be used; undefined when it can. */
  nftablesFailure(): unknown;
  /** Whether iptables, on nf_tables, drops what is forwarded and no rule accepts. */
  dropsForwarded(): boolean;
}

/** Over one nfnetlink socket. */
export function firewall(): Firewall {
  let client: Client | undefined;
  const nft = () => {
    client ??= new Client(openSocket(NETLINK_NETFILTER), tap("netfilter"));
    return client;
  };
  const nftablesFailure = () => {
    try {
      hasTable(nft(), "ip", "filter");
      return undefined;
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return error;
    }
  };
  return {
    nftablesFailure,
    dropsForwarded: () =>
      nftablesFailure() === undefined && findChain(nft(), "ip", "filter", "FORWARD")?.base?.policy === "drop",
  };
}
