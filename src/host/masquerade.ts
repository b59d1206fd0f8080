import { load } from "#sys";
import type { Ip, Prefix } from "../base/ip.ts";
import type { Owner } from "../base/owner.ts";
import { Client } from "../netlink/client.ts";
import { NETLINK_NETFILTER, openSocket } from "../netlink/socket.ts";
import { tap } from "../netlink/trace.ts";
import type * as Nft from "../nft/bundle.ts";
import type * as Upkeep from "../nft/bundle-upkeep.ts";

/** The masquerade rules of attachments on this host. */
export interface Masquerade {
  /** Traffic from these addresses to outside of their prefix leaves with the host's address. */
  add(owner: Owner, addresses: readonly Prefix[]): void;
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
  const verbs = () => load("nft") as typeof Nft;
  const upkeep = () => load("nft-upkeep") as typeof Upkeep;
  return {
    add(owner, addresses) {
      const built = verbs().addMasquerade(nft(), owner, addresses);
      if (built.length > 0) upkeep().sweepMasquerade(nft(), built);
    },
    remove: (owner, addresses) => verbs().removeMasquerade(nft(), owner, addresses),
    restore: (owner, addresses) => upkeep().restoreMasquerade(nft(), owner, addresses),
    check: (owner, addresses) => verbs().checkMasquerade(nft(), owner, addresses),
    gc: (network, alive) => void upkeep().gcMasquerade(nft(), network, alive),
  };
}
