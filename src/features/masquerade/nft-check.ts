import { formatIp, type Prefix } from "../../base/ip.ts";
import type { Owner } from "../../base/owner.ts";
import type { Client } from "../../host/nft.ts";
import { type FoundRule, findChain, hasTable, listRules } from "../../nft/find.ts";
import { getElement, hasSet } from "../../nft/find-set.ts";
import { networkOfTag, ownerTag, tagOfComment } from "../owner.ts";
import {
  CHAIN,
  isMasqueradeChain,
  type MasqueradeFamily,
  masqueradedSet,
  masqueradeFamily,
  masqueradeSet,
  TABLE,
} from "./nft-set.ts";

/**
 * What of `addMasquerade` is not in the kernel, in a few words and with the command that shows it; undefined when
 * nothing is missing. Throws NetlinkError.
 */
export function checkMasquerade(client: Client, owner: Owner, addresses: readonly Prefix[]): string | undefined {
  const tag = ownerTag(owner);
  for (const prefix of addresses) {
    const missing = chainMissing(client, masqueradeFamily(prefix.ip)) ?? entryMissing(client, owner, tag, prefix);
    if (missing) return missing;
  }
  return undefined;
}

function chainMissing(client: Client, family: MasqueradeFamily): string | undefined {
  const chain = findChain(client, family, TABLE, CHAIN.name);
  if (!chain) {
    return hasTable(client, family, TABLE)
      ? `chain ${CHAIN.name} of table ${family} ${TABLE} is missing (nft list table ${family} ${TABLE})`
      : `table ${family} ${TABLE} is missing (nft list tables)`;
  }
  if (isMasqueradeChain(chain)) return undefined;
  const { type, hook, priority } = CHAIN.base;
  const wanted = `type ${type} hook ${hook} priority ${priority}`;
  return `chain ${CHAIN.name} of table ${family} ${TABLE} is not "${wanted}" (nft list chain ${family} ${TABLE} ${CHAIN.name})`;
}

function entryMissing(client: Client, owner: Owner, tag: string, prefix: Prefix): string | undefined {
  const family = masqueradeFamily(prefix.ip);
  const set = masqueradeSet(owner.network, networkOfTag(tag), prefix);
  const see = `(nft list set ${family} ${TABLE} ${set.name})`;
  if (!hasSet(client, family, TABLE, set.name)) return `set ${set.name} of table ${family} ${TABLE} is missing`;
  const element = getElement(client, family, TABLE, set, prefix.ip);
  if (!element) return `address ${formatIp(prefix.ip)} is not in set ${set.name} ${see}`;
  const { comment = "" } = element;
  if (tagOfComment(comment) !== tag)
    return `address ${formatIp(prefix.ip)} is in the name of another: ${comment} ${see}`;
  if (findRule(client, family, set.name)) return undefined;
  return `the rule of set ${set.name} is missing (nft list chain ${family} ${TABLE} ${CHAIN.name})`;
}

/** The rule that masquerades the addresses of a set. */
export function findRule(client: Client, family: MasqueradeFamily, set: string): FoundRule | undefined {
  return listRules(client, family, TABLE, CHAIN.name).find((rule) => masqueradedSet(rule) === set);
}
