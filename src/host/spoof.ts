import { errnoOf, messageOf } from "../base/errno.ts";
import { Explained } from "../base/explained.ts";
import type { Owner } from "../base/owner.ts";
import { Client } from "../netlink/client.ts";
import { NETLINK_NETFILTER, openSocket } from "../netlink/socket.ts";
import { tap } from "../netlink/trace.ts";
import { addSpoofCheck, canName, checkSpoofCheck, gcSpoofChecks, type Port, removeSpoofCheck } from "../nft/spoof.ts";
import { lacksNftables } from "./nftables.ts";
import { isLack, orWithout } from "./without-nftables.ts";

/** The rules that keep containers from sending with others' MAC addresses. */
export interface SpoofCheck {
  /** What comes from the port with another MAC address than its container's is dropped. Throws Explained. */
  add(owner: Owner, port: Port): void;
  /** Absent is success, whoever made it. */
  remove(owner: Owner): void;
  /** What is missing, in words; undefined when all is there. */
  check(owner: Owner, port: Port): string | undefined;
  /** Removes the rules of all owners of the network but those alive, of whom it asks when it has seen the rules. */
  gc(network: string, alive: () => readonly Owner[]): void;
}

/** Over one nfnetlink socket. */
export function spoofCheck(): SpoofCheck {
  let client: Client | undefined;
  const nft = () => {
    client ??= new Client(openSocket(NETLINK_NETFILTER), tap("netfilter"));
    return client;
  };
  return {
    add(owner, port) {
      if (!canName(owner)) {
        throw new Explained(
          `failed to setup spoof-check: the container ID of ${owner.containerId.length} characters is too long`,
          "the names of the rules' chains are made from it: use shorter IDs, or leave macspoofchk out",
        );
      }
      try {
        addSpoofCheck(nft(), owner, port);
      } catch (error) {
        if (errnoOf(error) === undefined) throw error;
        throw new Explained(`failed to setup spoof-check: ${messageOf(error)}`, remedyFor(error), error);
      }
    },
    remove: (owner) => {
      if (canName(owner)) orWithout(() => removeSpoofCheck(nft(), owner), nothing);
    },
    check: (owner, port) =>
      orWithout(
        () => checkSpoofCheck(nft(), owner, port),
        () => "the kernel has no nf_tables, which it needs",
      ),
    gc: (network, alive) => orWithout(() => gcSpoofChecks(nft(), network, alive), nothing),
  };
}

/** Where there is no nf_tables there are no rules of it. */
function nothing(): void {}

function remedyFor(error: unknown): string {
  return isLack(error) && lacksNftables()
    ? "macspoofchk needs nf_tables, which the kernel does not have: modprobe nf_tables (CONFIG_NF_TABLES)"
    : "macspoofchk needs nf_tables for bridges (modprobe nft_meta_bridge, CONFIG_NFT_BRIDGE_META)";
}
