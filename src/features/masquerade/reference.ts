import type { Ip } from "../../base/ip.ts";
import type { Owner } from "../../base/owner.ts";
import type { Client } from "../../host/nft.ts";
import { Batch } from "../../nft/batch.ts";
import { run } from "../../nft/client.ts";
import { type FoundRule, findChain, listRules } from "../../nft/find.ts";
import { removeBranch } from "../../nft/remove-chain.ts";
import { iptablesChain, ownerTag } from "../owner.ts";

/** What the reference plugins' own masquerading has left in the kernel (plugins: pkg/ip/ipmasq_*_linux.go). */

/**
 * Removes the masquerading rules that the reference made for `owner`, by either of its backends (nftables, and
 * iptables on nf_tables). What is not there counts as removed, at one request for each backend and family. With
 * `addresses`, iptables goes on masquerading others, which another interface of the container has: they share a chain.
 * Throws NetlinkError.
 */
export function removeReferenceMasquerade(client: Client, owner: Owner, addresses?: readonly Ip[]): void {
  removeTagged(client, owner);
  const name = iptablesChain(owner);
  const which = addresses && isAboutOne(addresses);
  for (const family of ["ip", "ip6"] as const) {
    removeBranch(client, { family, table: "nat", trunk: "POSTROUTING", name, ...(which && { which }) });
  }
}

function isAboutOne(addresses: readonly Ip[]): (rule: FoundRule) => boolean {
  const known = new Set(addresses.map((ip) => ip.join()));
  return ({ exprs }) => exprs.some((expr) => expr.name === "cmp" && known.has(expr.data.data?.value?.join() ?? ""));
}

/** Whether the reference masquerades for `owner`, by either backend: as it does for what it made before an upgrade. */
export function hasReferenceMasquerade(client: Client, owner: Owner): boolean {
  const tag = ownerTag(owner);
  const tagged = listRules(client, "inet", NFTABLES.table, NFTABLES.chain).some(({ comment }) =>
    comment.startsWith(tag),
  );
  if (tagged) return true;
  const name = iptablesChain(owner);
  return (["ip", "ip6"] as const).some((family) => findChain(client, family, "nat", name) !== undefined);
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
