/**
 * `berth/netlink`: links, addresses, routes, neighbours, rules and qdiscs of Linux over rtnetlink, and nf_tables over nfnetlink,
 * without `ip`, `tc` and `nft`. For Bun on Linux with glibc. docs/netlink.md shows its use.
 *
 *     using rtnl = openRoute({ netns: "c1" });
 *     rtnl.addr.add("eth0", "10.0.0.2/24");
 */
import { NETLINK_NETFILTER, NETLINK_ROUTE } from "../../netlink/socket.ts";
import { leaveSignals } from "../../sys/bun/signals.ts";
import { type Netns, openClient } from "./netns.ts";
import { NfTables } from "./nftables.ts";
import { Rtnetlink } from "./rtnetlink.ts";

export {
  EACCES,
  EADDRNOTAVAIL,
  EBUSY,
  EEXIST,
  EINTR,
  EINVAL,
  ENETDOWN,
  ENETUNREACH,
  ENODEV,
  ENOENT,
  EOPNOTSUPP,
  EPERM,
  ERESTART,
  ESRCH,
  isErrno,
  type SysError,
} from "../../base/errno.ts";
export { Explained } from "../../base/explained.ts";
export { NetlinkError } from "../../netlink/error.ts";
export type { Base, Family, Hook } from "../../nft/objects.ts";
export type { AddressInfo, Scope } from "./addresses.ts";
export type { LinkRef } from "./devices.ts";
export type { LinkInfo } from "./link-info.ts";
export type { LinkSettings } from "./link-settings.ts";
export type { NeighbourInfo, NewNeighbour } from "./neighbours.ts";
export type { Netns } from "./netns.ts";
export type { NewBridge, NewLink, NewMacvlan, NewPeer, NewPlain, NewVeth } from "./new-link.ts";
export type { KeyOf, KeyTypes } from "./nft-keys.ts";
export type { ElementOf, SetShape } from "./nft-sets.ts";
export {
  type ChainObject,
  type NftObject,
  type NftRef,
  type SetObject,
  type TableObject,
  Transaction,
} from "./nft-transaction.ts";
export type { ChainInfo, RuleInTable, TableInfo } from "./nftables.ts";
export type { QdiscInfo, TokenBucket } from "./qdiscs.ts";
export type { NewRoute, RouteInfo, RouteRef } from "./routes.ts";
export type { NewRule, RuleInfo } from "./rules.ts";
export type { IpFamily } from "./values.ts";
export type { NfTables, Rtnetlink };

// The importing program's signals are its own.
leaveSignals();

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
