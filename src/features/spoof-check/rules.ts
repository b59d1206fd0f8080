import { assertErrno, messageOf } from "../../base/errno.ts";
import { Explained } from "../../base/explained.ts";
import type { Owner } from "../../base/owner.ts";
import { isLack, type Nftables } from "../../host/nft.ts";
import type { Port } from "../attached.ts";
import { addSpoofCheck, canName, checkSpoofCheck, gcSpoofChecks, removeSpoofCheck } from "./nft.ts";

/** The rules that keep containers from sending with others' MAC addresses. */
export class SpoofCheck {
  readonly #nft: Nftables;

  constructor(nft: Nftables) {
    this.#nft = nft;
  }

  /** What comes from the port with another MAC address than its container's is dropped. Throws Explained. */
  add(owner: Owner, port: Port): void {
    if (!canName(owner)) {
      throw new Explained(
        `failed to setup spoof-check: the container ID of ${owner.containerId.length} characters is too long`,
        "the names of the rules' chains are made from it: use shorter IDs, or leave macspoofchk out",
      );
    }
    try {
      addSpoofCheck(this.#nft.client(), owner, port);
    } catch (error) {
      assertErrno(error);
      throw new Explained(`failed to setup spoof-check: ${messageOf(error)}`, remedyFor(this.#nft, error), error);
    }
  }

  /** Absent is success, whoever made it. */
  remove(owner: Owner): void {
    if (canName(owner)) this.#nft.orWithout((client) => removeSpoofCheck(client, owner), nothing);
  }

  /** What is missing, in words; undefined when all is there. */
  check(owner: Owner, port: Port): string | undefined {
    return this.#nft.orWithout(
      (client) => checkSpoofCheck(client, owner, port),
      () => "the kernel has no nf_tables, which it needs",
    );
  }

  /** Removes the rules of all owners of the network but those alive, of whom it asks when it has seen the rules. */
  gc(network: string, alive: () => readonly Owner[]): void {
    this.#nft.orWithout((client) => gcSpoofChecks(client, network, alive), nothing);
  }
}

/** Where there is no nf_tables there are no rules of it. */
function nothing(): void {}

function remedyFor(nft: Nftables, error: unknown): string {
  return isLack(error) && nft.isLacking()
    ? "macspoofchk needs nf_tables, which the kernel does not have: modprobe nf_tables (CONFIG_NF_TABLES)"
    : "macspoofchk needs nf_tables for bridges (modprobe nft_meta_bridge, CONFIG_NFT_BRIDGE_META)";
}
