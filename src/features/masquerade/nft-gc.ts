import type { Owner } from "../../base/owner.ts";
import type { Client } from "../../host/nft.ts";
import { listElements, listSets } from "../../nft/find-set.ts";
import type { Element } from "../../nft/objects.ts";
import { networkTag, ownerTag, tagOfComment } from "../owner.ts";
import { ofNetwork, removeElements } from "./nft-remove.ts";
import { MASQUERADE_FAMILIES, TABLE } from "./nft-set.ts";
import { AT_ONCE, removeEmptySets } from "./nft-sweep.ts";

/**
 * Removes the network's elements that belong to none of its attachments `alive`, and returns how many there were; then
 * the sets that nothing is left in, with their rules. Who is alive is asked after the elements have been listed, so that
 * one that comes meanwhile is not taken for a dead one's. An address must not be given away meanwhile: leases are
 * collected after this. Throws NetlinkError.
 */
export function gcMasquerade(client: Client, network: string, alive: () => readonly Owner[]): number {
  const tag = networkTag(network);
  const found = MASQUERADE_FAMILIES.flatMap((family) => {
    const sets = ofNetwork(listSets(client, family, TABLE), tag);
    return sets.map((set) => ({ family, set, elements: listElements(client, family, TABLE, set) }));
  });
  const isOurs = ({ comment = "" }: Element) => comment.startsWith(`${tag}-`);
  const any = found.some(({ elements }) => elements.some(isOurs));
  const kept = new Set(any ? alive().map((owner) => ownerTag(owner, tag)) : []);
  const isStale = (element: Element) => isOurs(element) && !kept.has(tagOfComment(element.comment ?? ""));
  let removed = 0;
  for (const { family, elements } of found) {
    const stale = elements.filter(isStale);
    removeElements(client, family, stale);
    removed += stale.length;
  }
  const emptied = found.filter(({ elements }) => elements.every(isStale));
  for (let at = 0; at < emptied.length; at += AT_ONCE) removeEmptySets(client, emptied.slice(at, at + AT_ONCE));
  return removed;
}
