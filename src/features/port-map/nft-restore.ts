import type { Prefix } from "../../base/ip.ts";
import type { Owner } from "../../base/owner.ts";
import type { Client } from "../../host/nft.ts";
import { Batch } from "../../nft/batch.ts";
import { run } from "../../nft/client.ts";
import { hasSet } from "../../nft/find-set.ts";
import { addPortMap, type Links } from "./nft.ts";
import { checkPortMap, missingRules, rulesFor } from "./nft-check.ts";
import { addEntrance, addMaps, entranceOf } from "./nft-conditions.ts";
import { chainsOf, LAYOUTS, LOCALNET, sourcesSet, TABLE } from "./nft-layout.ts";
import { wantedOf } from "./nft-wanted.ts";
import type { PortMapWish } from "./wish.ts";

/**
 * Puts back what a flush of the ruleset, or of a chain alone, took from `addPortMap`; returns what was missing, or undefined when
 * all was there. A port that a newer container has stays with it. Not for concurrent use: two at once could make a rule twice.
 * Throws NetlinkError.
 */
export function restorePortMap(
  client: Client,
  owner: Owner,
  wish: PortMapWish,
  addresses: readonly Prefix[],
  links: Links,
): string | undefined {
  const missing = checkPortMap(client, owner, wish, addresses, true);
  if (missing === undefined) return undefined;
  for (const wanted of wantedOf(wish, addresses)) {
    const { family, condition } = wanted;
    // An ADD takes the set of the holders for a sign of all the rest: a flush of chains leaves it.
    if (!hasSet(client, family, TABLE, LAYOUTS[family].holders.name)) continue;
    const batch = new Batch(family, TABLE);
    if (family === "ip") batch.add(LOCALNET);
    for (const chain of chainsOf(family)) batch.add(chain);
    for (const { length } of wanted.sources) batch.add(sourcesSet(family, length));
    if (condition) addMaps(batch, family, condition);
    for (const rule of missingRules(client, family, rulesFor(wanted))) batch.add(rule);
    const entrance = condition && entranceOf(family, condition);
    if (entrance && missingRules(client, family, [entrance.rule]).length > 0) addEntrance(batch, entrance);
    run(client, batch);
  }
  addPortMap(client, owner, wish, addresses, links, true);
  return missing;
}
