import { sha512 } from "#sys";
import type { Owner } from "../../base/owner.ts";
import type { Client } from "../../host/nft.ts";
import { Batch } from "../../nft/batch.ts";
import { run } from "../../nft/client.ts";
import { findChain, hasTable, listRules } from "../../nft/find.ts";
import { removeBranch } from "../../nft/remove-chain.ts";

/** What the reference plugin's port mappings have left in the kernel (plugins: plugins/meta/portmap). */

/** The chain of a container in the reference's iptables backend; it does not tell the container's interfaces apart. */
export function dnatChain({ network, containerId }: Owner): string {
  return `CNI-DN-${sha512(network + containerId).slice(0, 21)}`;
}

export const DNAT_TRUNK = "CNI-HOSTPORT-DNAT";

const TABLE = "cni_hostport";
const CHAINS = ["hostports", "hostip_hostports", "masquerading"];

/** The interface whose chain has the reference's name: what is of another must not take it away (iptables-rules.ts). */
export const FIRST = "eth0";

/**
 * Removes the mappings that the reference made for the owner, by either of its backends (nftables, and iptables on nf_tables).
 * It knows containers by their ID alone. What is not there counts as removed, at one request each. Throws NetlinkError.
 */
export function removeReferencePortMap(client: Client, owner: Owner): void {
  for (const family of ["ip", "ip6"] as const) {
    // The name takes longer to compute than the kernel to say that there are none.
    if (owner.ifname === FIRST && findChain(client, family, "nat", DNAT_TRUNK)) {
      removeBranch(client, { family, table: "nat", trunk: DNAT_TRUNK, name: dnatChain(owner) });
    }
    if (!hasTable(client, family, TABLE)) continue;
    const batch = new Batch(family, TABLE);
    for (const chain of CHAINS) {
      for (const { handle, comment } of listRules(client, family, TABLE, chain)) {
        if (comment === owner.containerId) batch.destroy({ kind: "handle", chain, handle });
      }
    }
    run(client, batch);
  }
}

/** Whether the reference maps ports for the owner, by either backend: as it does for what it made before an upgrade. */
export function hasReferencePortMap(client: Client, owner: Owner): boolean {
  const name = dnatChain(owner);
  return (["ip", "ip6"] as const).some(
    (family) =>
      listRules(client, family, "nat", name).length > 0 ||
      listRules(client, family, TABLE, "hostports").some(({ comment }) => comment === owner.containerId),
  );
}
