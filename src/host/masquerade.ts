import { load } from "#sys";
import type { Ip, Prefix } from "../base/ip.ts";
import type { Owner } from "../base/owner.ts";
import { Client } from "../netlink/client.ts";
import { NETLINK_NETFILTER, openSocket } from "../netlink/socket.ts";
import { tap } from "../netlink/trace.ts";
import type * as Nft from "../nft/bundle.ts";
import type * as Upkeep from "../nft/bundle-upkeep.ts";
import type { Iptables } from "./iptables.ts";
import type * as Rules from "./rules.ts";
import { orWithout } from "./without-nftables.ts";

/** What keeps masquerade rules. */
export type Backend = "nftables" | "iptables";

/** The masquerade rules of attachments on this host: nf_tables', or those of iptables where the kernel has no nf_tables. */
export interface Masquerade {
  /**
   * Traffic from these addresses to outside of their prefix leaves with the host's address. Returns what keeps the rules:
   * with `only` nothing else. Throws NetlinkError, SysError; Explained where iptables would have to do it and cannot.
   */
  add(owner: Owner, addresses: readonly Prefix[], only: Backend | undefined): Backend;
  /** Whether there was anything. Without addresses they are found by their owner, at the cost of a list. */
  remove(owner: Owner, addresses: readonly Ip[] | undefined): boolean;
  /** Puts back what is missing, and says what that was; undefined when all was there. */
  restore(owner: Owner, addresses: readonly Prefix[]): string | undefined;
  /** What is missing, in words; undefined when all is there. */
  check(owner: Owner, addresses: readonly Prefix[]): string | undefined;
  /** Removes the rules of all owners of the network but those alive, of whom it asks when it has seen the rules. */
  gc(network: string, alive: () => readonly Owner[]): void;
}

/** Over one nfnetlink socket; it and the nft layer itself are there only once they are needed. */
export function masquerade(): Masquerade {
  let client: Client | undefined;
  const nft = () => {
    client ??= new Client(openSocket(NETLINK_NETFILTER), tap("netfilter"));
    return client;
  };
  const iptables = (): Iptables => (load("rules") as typeof Rules).iptables();
  const verbs = () => load("nft") as typeof Nft;
  const upkeep = () => load("nft-upkeep") as typeof Upkeep;
  return {
    add(owner, addresses, only) {
      const byNft = (): Backend => {
        const built = verbs().addMasquerade(nft(), owner, addresses);
        if (built.length > 0) upkeep().sweepMasquerade(nft(), built);
        return "nftables";
      };
      const byIptables = (): Backend => {
        iptables().add(owner, addresses);
        return "iptables";
      };
      if (only) return only === "iptables" ? byIptables() : byNft();
      return orWithout(byNft, byIptables);
    },
    remove: (owner, addresses) =>
      orWithout(
        () => verbs().removeMasquerade(nft(), owner, addresses),
        () => {
          iptables().remove(owner, addresses);
          return false;
        },
      ),
    restore: (owner, addresses) =>
      orWithout(
        () => upkeep().restoreMasquerade(nft(), owner, addresses),
        () => {
          const missing = iptables().check(owner, addresses);
          if (missing) iptables().add(owner, addresses);
          return missing;
        },
      ),
    check: (owner, addresses) =>
      orWithout(
        () => verbs().checkMasquerade(nft(), owner, addresses),
        () => iptables().check(owner, addresses),
      ),
    // What iptables has is found by the leases (plugins/bridge/gc.ts).
    gc: (network, alive) =>
      orWithout(
        () => void upkeep().gcMasquerade(nft(), network, alive),
        () => {},
      ),
  };
}
