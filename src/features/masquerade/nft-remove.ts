import type { Ip } from "../../base/ip.ts";
import type { Owner } from "../../base/owner.ts";
import type { Client } from "../../host/nft.ts";
import { Batch } from "../../nft/batch.ts";
import { run } from "../../nft/client.ts";
import { getElement, listElements, listSets } from "../../nft/find-set.ts";
import type { Element, NftSet } from "../../nft/objects.ts";
import { networkOfTag, ownerTag, tagOfComment } from "../owner.ts";
import { MASQUERADE_FAMILIES, type MasqueradeFamily, masqueradeFamily, setNamePrefix, TABLE } from "./nft-set.ts";

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

/** All sets of a network: one for each prefix that it has ever had. */
export function ofNetwork(sets: readonly NftSet[], networkTag: string): NftSet[] {
  return sets.filter(({ name }) => name.startsWith(setNamePrefix(networkTag)));
}

function elementsAt(client: Client, family: MasqueradeFamily, set: NftSet, addresses: readonly Ip[]): Element[] {
  const found = addresses.map((ip) => getElement(client, family, TABLE, set, ip));
  return found.filter((element) => element !== undefined);
}

/** Those that are gone already count as removed. Throws NetlinkError. */
export function removeElements(client: Client, family: MasqueradeFamily, elements: readonly Element[]): void {
  for (let at = 0; at < elements.length; at += CHUNK) {
    const batch = new Batch(family, TABLE);
    for (const element of elements.slice(at, at + CHUNK)) batch.destroy(element);
    run(client, batch);
  }
}
