/**
 * `berth/netlink`: links, addresses, routes, neighbours, rules and qdiscs of Linux over rtnetlink, and nf_tables over nfnetlink,
 * without `ip`, `tc` and `nft`. For Bun on Linux with glibc. docs/netlink.md shows its use.
 *
 *     using rtnl = openRoute({ netns: "c1" });
 *     rtnl.addr.add("eth0", "10.0.0.2/24");
 */
import { leaveSignals } from "../../sys/bun/signals.ts";

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
export type { ChainInfo, NfTables, RuleInTable, TableInfo } from "./nftables.ts";
export { openNft, openRoute, type Place } from "./open.ts";
export type { QdiscInfo, TokenBucket } from "./qdiscs.ts";
export type { NewRoute, RouteInfo, RouteRef } from "./routes.ts";
export type { Rtnetlink } from "./rtnetlink.ts";
export type { NewRule, RuleInfo } from "./rules.ts";
export type { IpFamily } from "./values.ts";

// The importing program's signals are its own. Only here: tests of other files share a process with those of signals.
leaveSignals();
