import type { Prefix } from "../../base/ip.ts";
import type { Owner } from "../../base/owner.ts";
import type { Client } from "../../host/nft.ts";
import { Batch } from "../../nft/batch.ts";
import { run } from "../../nft/client.ts";
import { networkTag } from "../owner.ts";
import { addMasquerade } from "./nft.ts";
import { checkMasquerade, findRule } from "./nft-check.ts";
import { CHAIN, masqueradeFamily, masqueradeRule, masqueradeSet, TABLE } from "./nft-set.ts";

/**
 * Puts back what a flush of the ruleset, or of the chain alone, took from `addMasquerade`; returns what was missing, or
 * undefined when all was there. Not for concurrent use: two at once could make a rule twice. Throws NetlinkError.
 */
export function restoreMasquerade(client: Client, owner: Owner, addresses: readonly Prefix[]): string | undefined {
  const missing = checkMasquerade(client, owner, addresses);
  if (missing === undefined) return undefined;
  addMasquerade(client, owner, addresses);
  // An ADD takes a set that is there for a sign of its rule: a flushed chain has sets and no rules.
  const tag = networkTag(owner.network);
  for (const prefix of addresses) {
    const family = masqueradeFamily(prefix.ip);
    const set = masqueradeSet(owner.network, tag, prefix);
    if (findRule(client, family, set.name)) continue;
    const rule = masqueradeRule(owner.network, set, prefix);
    run(client, new Batch(family, TABLE).add({ kind: "table" }).add(CHAIN).add(rule));
  }
  return missing;
}
