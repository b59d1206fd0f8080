import { EBUSY, EEXIST, ENOENT, ERESTART, isErrno } from "../../base/errno.ts";
import type { Prefix } from "../../base/ip.ts";
import type { Owner } from "../../base/owner.ts";
import type { Client } from "../../host/nft.ts";
import type { Batch } from "../../nft/batch.ts";
import { attemptAt, type Failure } from "../../nft/client.ts";
import { findGeneration } from "../../nft/find-generation.ts";
import { getElement, listElements } from "../../nft/find-set.ts";
import type { Element } from "../../nft/objects.ts";
import { networkTag, ownerComment, ownerTag } from "../owner.ts";
import type { Localnet } from "./localnet.ts";
import { type Claim, type Edits, editsOf } from "./nft-edits.ts";
import { holderComment, holderKey, holderOf, tagOfKey } from "./nft-holder.ts";
import { FAMILIES, type IpFamily, LAYOUTS, TABLE } from "./nft-layout.ts";
import { assumedState, readOwn, readState, type State } from "./nft-state.ts";
import { slotsOf, type Wanted, wantedOf } from "./nft-wanted.ts";
import type { PortMapping, PortMapWish } from "./wish.ts";

/** How often the ruleset may change between what was read and what is to be done. */
const ROUNDS = 200;

/** How often a change may be refused of which the ruleset had not changed: the tables are not as berth leaves them then. */
const REFUSALS = 3;

/** What of the machine a change must know. */
export interface Links {
  /** ifindex of the host's end of the new attachment's link; 0: not known. */
  readonly link: number;
  /** Seconds since boot. */
  readonly now: number;
  /** Through which 127.0.0.0/8 will be routed; undefined: nowhere. */
  readonly localnet: Localnet | undefined;
  /** Whether a link is there, by its ifindex. */
  isAlive(link: number): boolean;
}

/**
 * Maps the ports that are wished to the container with `addresses`, in the name of `owner`: one transaction. What the owner
 * had before and does not wish any more goes. Returns the mappings of living others that wait from now on, as their port is
 * the newer container's; with `yields` the owner's own wait instead. Throws NetlinkError.
 */
export function addPortMap(
  client: Client,
  owner: Owner,
  wish: PortMapWish,
  addresses: readonly Prefix[],
  links: Links,
  yields?: true,
): Element[] {
  const tag = ownerTag(owner);
  const claims = wantedOf(wish, addresses).map(
    (wanted): Claim => ({ ...claimOf(wanted, owner, tag, links), ...(yields && { yields }) }),
  );
  const tags = new Set([tag]);
  const editsIn = (claim: Claim, state: State) =>
    editsOf(state, { family: claim.wanted.family, tags, claim, isAlive: links.isAlive });
  // As if all ports were free: whose are not, the kernel says, and nothing has been done then.
  const assumed = claims.map((claim) => editsIn(claim, assume(client, claim)));
  if (!failureOf(client, undefined, assumed)) return [];
  const edits = settled(client, () => claims.map((claim) => editsIn(claim, readState(client, claim.wanted.family))));
  return edits.flatMap(({ displaced }) => displaced);
}

function assume(client: Client, { wanted: { family, sources, condition } }: Claim): State {
  return assumedState(client, family, [...new Set(sources.map(({ length }) => length))], condition?.digest);
}

function claimOf(wanted: Wanted, owner: Owner, tag: string, { link, now, localnet }: Links): Claim {
  const { entries, condition } = wanted;
  const holder = { count: entries.length, link, since: now, ...(condition && { condition: condition.digest }) };
  return {
    wanted,
    key: holderKey(tag),
    comment: ownerComment(owner, tag),
    holderComment: holderComment(localnet?.isOwn ? { ...holder, guarded: localnet.name } : holder, owner),
    ...(localnet && { localnet: localnet.name }),
  };
}

/**
 * Removes what the owner has, whether it is among `mappings`, which only make it quicker, or not; what waited for its ports gets
 * them. Absent is success, at one request for each family. Returns what was mapped. Throws NetlinkError.
 */
export function removePortMap(
  client: Client,
  owner: Owner,
  mappings: readonly PortMapping[],
  isAlive: Links["isAlive"],
): Element[] {
  const tag = ownerTag(owner);
  const tags = new Set([tag]);
  const key = holderKey(tag);
  const held = FAMILIES.filter((family) => getElement(client, family, TABLE, LAYOUTS[family].holders, key));
  if (held.length === 0) return [];
  const edits = settled(client, () =>
    held.map((family) => editsOf(stateWith(client, family, tag, mappings), { family, tags, isAlive })),
  );
  return edits.flatMap(({ unmapped }) => unmapped);
}

function stateWith(client: Client, family: IpFamily, tag: string, mappings: readonly PortMapping[]): State {
  const holder = getElement(client, family, TABLE, LAYOUTS[family].holders, holderKey(tag));
  const { count, condition } = holder ? holderOf(holder) : { count: -1 };
  const slots = slotsOf(family, mappings, condition);
  const own = holder && count >= 0 && readOwn(client, family, holder, { tag, count }, slots);
  return own || readState(client, family);
}

/**
 * Removes what belongs to none of the network's attachments `alive`, who are asked for when all has been seen. Returns what was
 * mapped. Throws NetlinkError.
 */
export function gcPortMap(
  client: Client,
  network: string,
  alive: () => readonly Owner[],
  isAlive: Links["isAlive"],
): Element[] {
  const ofNetwork = networkTag(network);
  const seen = FAMILIES.map((family) => ({
    family,
    tags: listElements(client, family, TABLE, LAYOUTS[family].holders)
      .map(({ key }) => tagOfKey(key))
      .filter((tag) => tag.startsWith(`${ofNetwork}-`)),
  })).filter(({ tags }) => tags.length > 0);
  if (seen.length === 0) return [];
  const kept = new Set(alive().map((owner) => ownerTag(owner, ofNetwork)));
  const stale = seen.map(({ family, tags }) => ({ family, tags: new Set(tags.filter((tag) => !kept.has(tag))) }));
  const left = stale.filter(({ tags }) => tags.size > 0);
  if (left.length === 0) return [];
  const edits = settled(client, () =>
    left.map(({ family, tags }) => editsOf(readState(client, family), { family, tags, isAlive })),
  );
  return edits.flatMap(({ unmapped }) => unmapped);
}

/** Repeats reading and doing until nothing has come between the two. Returns what has been done. */
function settled(client: Client, plan: () => readonly Edits[]): readonly Edits[] {
  for (let rounds = ROUNDS, refusals = REFUSALS; ; rounds--) {
    const generation = findGeneration(client);
    const edits = plan();
    const failure = failureOf(client, generation, edits);
    if (!failure) return edits;
    if (!isErrno(failure, ERESTART)) refusals--;
    if (rounds === 0 || refusals === 0) throw failure;
  }
}

/** Does it; undefined when all is done. Throws NetlinkError for what reading again does not mend. */
function failureOf(
  client: Client,
  generation: number | undefined,
  edits: readonly Edits[],
): Failure["error"] | undefined {
  const batches: Batch[] = edits.flatMap((one) => one.batches);
  const failures = attemptAt(client, generation, ...batches).map(({ error }) => error);
  const fatal = failures.find((error) => !isErrno(error, ERESTART, EEXIST, EBUSY, ENOENT));
  if (fatal) throw fatal;
  return failures[0];
}
