import { EBUSY, ENOENT, isErrno } from "../base/errno.ts";
import type { Owner } from "../base/owner.ts";
import { sha512 } from "../base/sha512.ts";
import type { Client } from "../netlink/client.ts";
import { Batch } from "./batch.ts";
import { run } from "./client.ts";
import { type FoundRule, findChain, listRules } from "./find.ts";
import { ownerTag } from "./owner.ts";

/** What the reference plugins' own masquerading has left in the kernel (plugins: pkg/ip/ipmasq_*_linux.go). */

/** How often others may change a chain under a removal before it gives up. */
const ROUNDS = 5;

/**
 * Removes the masquerading rules that the reference made for `owner`, by either of its backends (nftables, and
 * iptables on nf_tables). What is not there counts as removed, at one request for each backend and family.
 * Throws NetlinkError.
 */
export function removeReferenceMasquerade(client: Client, owner: Owner): void {
  removeTagged(client, owner);
  const chain = iptablesChain(owner);
  for (const family of ["ip", "ip6"] as const) removeChain(client, family, chain);
}

/** The chain of the reference's iptables backend; it does not tell the interfaces of a container apart. */
export function iptablesChain({ network, containerId }: Pick<Owner, "network" | "containerId">): string {
  return `CNI-${sha512(network + containerId).slice(0, 24)}`;
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

/** The chain and the rules of POSTROUTING that jump to it. POSTROUTING may be long, and is read only if need be. */
function removeChain(client: Client, family: "ip" | "ip6", name: string): void {
  for (let left = ROUNDS; findChain(client, family, "nat", name); left--) {
    const batch = new Batch(family, "nat");
    for (const { handle } of listRules(client, family, "nat", "POSTROUTING").filter(jumpsTo(name))) {
      batch.delete({ kind: "handle", chain: "POSTROUTING", handle });
    }
    batch.flush({ kind: "chain", name }).delete({ kind: "chain", name });
    try {
      run(client, batch);
      return;
    } catch (error) {
      if (left === 0 || !isErrno(error, ENOENT, EBUSY)) throw error;
    }
  }
}

function jumpsTo(chain: string): (rule: FoundRule) => boolean {
  return ({ exprs }) => exprs.some((expr) => expr.name === "immediate" && expr.data.data?.verdict?.chain === chain);
}
