import type { Owner } from "../base/owner.ts";
import type { Client } from "../netlink/client.ts";
import { Batch } from "./batch.ts";
import { run } from "./client.ts";
import { listRules } from "./find.ts";
import { iptablesChain, ownerTag } from "./owner.ts";
import { removeBranch } from "./remove-chain.ts";

/** What the reference plugins' own masquerading has left in the kernel (plugins: pkg/ip/ipmasq_*_linux.go). */

/**
 * Removes the masquerading rules that the reference made for `owner`, by either of its backends (nftables, and
 * iptables on nf_tables). What is not there counts as removed, at one request for each backend and family.
 * Throws NetlinkError.
 */
export function removeReferenceMasquerade(client: Client, owner: Owner): void {
  removeTagged(client, owner);
  const name = iptablesChain(owner);
  for (const family of ["ip", "ip6"] as const) {
    removeBranch(client, { family, table: "nat", trunk: "POSTROUTING", name });
  }
}

const NFTABLES = { table: "cni_plugins_masquerade", chain: "masq_checks" } as const;

function removeTagged(client: Client, owner: Owner): void {
  const { table, chain } = NFTABLES;
  const rules = listRules(client, "inet", table, chain);
  if (rules.length === 0) return;
  const tag = ownerTag(owner);
  const batch = new Batch("inet", table);
  for (const { handle, comment } of rules) {
    if (comment.startsWith(tag)) batch.destroy({ kind: "handle", chain, handle });
  }
  run(client, batch);
}
