import type { Ip } from "../base/ip.ts";
import type { Owner } from "../base/owner.ts";
import type { Client } from "../netlink/client.ts";
import { Batch } from "./batch.ts";
import { run } from "./client.ts";
import { getElement, listElements, listSets } from "./find-set.ts";
import {
  MASQUERADE_FAMILIES,
  type MasqueradeFamily,
  masqueradeFamily,
  setNamePrefix,
  TABLE,
} from "./masquerade-set.ts";
import type { Element, NftSet } from "./objects.ts";
import { networkOfTag, networkTag, ownerTag, tagOfComment } from "./owner.ts";

/** Deletions in one batch: the refusals of all of them must fit the socket's receive buffer. */
const CHUNK = 128;

/**
 * Undoes `addMasquerade` for `addresses`, at a cost that does not depend on how many others there are; with undefined
 * for whatever `owner` has, which reads all elements of the network. Elements of other owners are left alone, sets and
 * rules stay, and what is gone already counts as removed. Returns whether there was anything. Throws NetlinkError.
 */
export function removeMasquerade(client: Client, owner: Owner, addresses: readonly Ip[] | undefined): boolean {
  let any = false;
  for (const family of MASQUERADE_FAMILIES) {
    const wanted = addresses?.filter((ip) => masqueradeFamily(ip) === family);
    const sets = wanted?.length === 0 ? [] : listSets(client, family, TABLE);
    // The tag takes longer to compute than the kernel to say that nothing is masqueraded here.
    if (sets.length === 0) continue;
    const tag = ownerTag(owner);
    const elements = ofNetwork(sets, networkOfTag(tag)).flatMap((set) =>
      wanted ? elementsAt(client, family, set, wanted) : listElements(client, family, TABLE, set),
    );
    const owned = elements.filter(({ comment = "" }) => tagOfComment(comment) === tag);
    removeElements(client, family, owned);
    any ||= owned.length > 0;
  }
  return any;
}

/**
 * Removes the network's elements that belong to none of its attachments `alive`, and returns how many there were. Who is
 * alive is asked after the elements have been listed, so that one that comes meanwhile is not taken for a dead one's.
 * An address must not be given away meanwhile: leases are collected after this. Throws NetlinkError.
 */
export function gcMasquerade(client: Client, network: string, alive: () => readonly Owner[]): number {
  const tag = networkTag(network);
  const found = MASQUERADE_FAMILIES.map((family) => {
    const sets = ofNetwork(listSets(client, family, TABLE), tag);
    const elements = sets.flatMap((set) => listElements(client, family, TABLE, set));
    return { family, elements: elements.filter(({ comment = "" }) => comment.startsWith(`${tag}-`)) };
  });
  if (!found.some(({ elements }) => elements.length > 0)) return 0;
  const kept = new Set(alive().map((owner) => ownerTag(owner, tag)));
  let removed = 0;
  for (const { family, elements } of found) {
    const stale = elements.filter(({ comment = "" }) => !kept.has(tagOfComment(comment)));
    removeElements(client, family, stale);
    removed += stale.length;
  }
  return removed;
}

/** All sets of a network: one for each prefix that it has ever had. */
function ofNetwork(sets: readonly NftSet[], networkTag: string): NftSet[] {
  return sets.filter(({ name }) => name.startsWith(setNamePrefix(networkTag)));
}

function elementsAt(client: Client, family: MasqueradeFamily, set: NftSet, addresses: readonly Ip[]): Element[] {
  const found = addresses.map((ip) => getElement(client, family, TABLE, set, ip));
  return found.filter((element) => element !== undefined);
}

function removeElements(client: Client, family: MasqueradeFamily, elements: readonly Element[]): void {
  for (let at = 0; at < elements.length; at += CHUNK) {
    const batch = new Batch(family, TABLE);
    for (const element of elements.slice(at, at + CHUNK)) batch.destroy(element);
    run(client, batch);
  }
}
