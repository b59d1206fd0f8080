import { NETLINK_NETFILTER, NETLINK_ROUTE } from "../../netlink/socket.ts";
import { type Netns, openClient } from "./netns.ts";
import { NfTables } from "./nftables.ts";
import { Rtnetlink } from "./rtnetlink.ts";

/** Which namespace; absent: the one that the process is in. */
export interface Place {
  readonly netns?: Netns;
}

/**
 * Opens rtnetlink of a network namespace: to be closed, or held by `using`. The process stays in its own. Throws Explained where
 * there is no such namespace, SysError EPERM or EACCES for one that may not be entered.
 */
export function openRoute({ netns }: Place = {}): Rtnetlink {
  return new Rtnetlink(openClient(NETLINK_ROUTE, netns));
}

/** Opens nfnetlink of a network namespace, for nf_tables. As openRoute; SysError EPROTONOSUPPORT from a kernel without nfnetlink. */
export function openNft({ netns }: Place = {}): NfTables {
  return new NfTables(openClient(NETLINK_NETFILTER, netns));
}
