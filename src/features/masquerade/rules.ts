import type { Ip, Prefix } from "../../base/ip.ts";
import type { Owner } from "../../base/owner.ts";
import type { Client, Nftables } from "../../host/nft.ts";
import type { Iptables } from "./iptables.ts";
import { addMasquerade } from "./nft.ts";
import { checkMasquerade } from "./nft-check.ts";
import { gcMasquerade } from "./nft-gc.ts";
import { removeMasquerade } from "./nft-remove.ts";
import { restoreMasquerade } from "./nft-restore.ts";
import { sweepMasquerade } from "./nft-sweep.ts";

/** What keeps masquerade rules. */
export type Backend = "nftables" | "iptables";

/** The masquerade rules of attachments on this host: nf_tables', or those of iptables where the kernel has no nf_tables. */
export class Masquerade {
  readonly #nft: Nftables;
  readonly #iptables: Iptables;

  constructor(nft: Nftables, iptables: Iptables) {
    this.#nft = nft;
    this.#iptables = iptables;
  }

  /**
   * Traffic from these addresses to outside of their prefix leaves with the host's address. Returns what keeps the rules:
   * with `only` nothing else. Throws NetlinkError, SysError; Explained where iptables would have to do it and cannot.
   */
  add(owner: Owner, addresses: readonly Prefix[], only: Backend | undefined): Backend {
    const byNft = (client: Client): Backend => {
      const built = addMasquerade(client, owner, addresses);
      if (built.length > 0) sweepMasquerade(client, built);
      return "nftables";
    };
    const byIptables = (): Backend => {
      this.#iptables.add(owner, addresses);
      return "iptables";
    };
    if (only) return only === "iptables" ? byIptables() : byNft(this.#nft.client());
    return this.#nft.orWithout(byNft, byIptables);
  }

  /** Whether there was anything. Without addresses they are found by their owner, at the cost of a list. */
  remove(owner: Owner, addresses: readonly Ip[] | undefined): boolean {
    return this.#nft.orWithout(
      (client) => removeMasquerade(client, owner, addresses),
      () => {
        this.#iptables.remove(owner, addresses);
        return false;
      },
    );
  }

  /** Puts back what is missing, and says what that was; undefined when all was there. */
  restore(owner: Owner, addresses: readonly Prefix[]): string | undefined {
    return this.#nft.orWithout(
      (client) => restoreMasquerade(client, owner, addresses),
      () => this.#iptables.restore(owner, addresses),
    );
  }

  /** What is missing, in words; undefined when all is there. */
  check(owner: Owner, addresses: readonly Prefix[]): string | undefined {
    return this.#nft.orWithout(
      (client) => checkMasquerade(client, owner, addresses),
      () => this.#iptables.check(owner, addresses),
    );
  }

  /**
   * Removes the rules of all owners of the network but those alive, of whom it asks when it has seen the rules. What iptables
   * has is found by the leases (feature.ts).
   */
  gc(network: string, alive: () => readonly Owner[]): void {
    this.#nft.orWithout(
      (client) => void gcMasquerade(client, network, alive),
      () => {},
    );
  }
}
