import { Batch } from "../../nft/batch.ts";
import { ELEMENTS_MAX, type Element, type SetName } from "../../nft/objects.ts";
import { tagOfComment } from "../owner.ts";
import { buildCondition, digestOfMap, dropCondition } from "./nft-conditions.ts";
import { holderOf, tagOfKey } from "./nft-holder.ts";
import { buildLayout, type IpFamily, LAYOUTS, localnetElement, sourcesRule, sourcesSet, TABLE } from "./nft-layout.ts";
import type { State } from "./nft-state.ts";
import { entryOfWaiting, setOfSource, slotName, type Wanted, waitingOf } from "./nft-wanted.ts";

/** What becomes of the tables when some owners are to have what is wanted, and nothing else. Pure. */

/** Who is to have it, and what is written about it. */
export interface Claim {
  readonly wanted: Wanted;
  readonly key: Uint8Array;
  /** Of its mappings, and of its element of `holders`. */
  readonly comment: string;
  readonly holderComment: string;
  /** A port that a living other has stays with it, and the mapping waits: absent, the other's does. */
  readonly yields?: true;
  /** The interface through which 127.0.0.0/8 will be routed (localnet.ts). */
  readonly localnet?: string;
}

export interface Change {
  readonly family: IpFamily;
  /** Whose elements go, unless they are claimed. */
  readonly tags: ReadonlySet<string>;
  readonly claim?: Claim;
  /** Whether a link is there, by its ifindex. */
  isAlive(link: number): boolean;
}

export interface Edits {
  readonly batches: readonly Batch[];
  /** Living others' mappings that wait from now on. */
  readonly displaced: readonly Element[];
  /** What the owners had mapped and have not any more. */
  readonly unmapped: readonly Element[];
}

export function editsOf(state: State, change: Change): Edits {
  const { removed, created, displaced, unmapped } = differences(state, change);
  const batch = new Batch(change.family, TABLE);
  for (const [set, elements] of bySet(removed)) batch.delete({ kind: "elements", set, elements });
  for (const [set, elements] of bySet(created)) batch.create({ kind: "elements", set, elements });
  guard(batch, removed, change);
  for (const one of unused(state, removed, created)) dropCondition(batch, change.family, one);
  return { batches: [...missingSets(state, change), batch], displaced, unmapped };
}

/** An interface is guarded as long as one owner needs it; of a bridge, which many do, for ever. */
function guard(batch: Batch, removed: readonly Element[], { family, claim }: Change): void {
  if (family !== "ip") return;
  const { name } = LAYOUTS.ip.holders;
  const before = removed.flatMap((element) => (element.set.name === name ? (holderOf(element).guarded ?? []) : []));
  for (const link of before) if (link !== claim?.localnet) batch.destroy(localnetElement(link));
  if (claim?.localnet !== undefined) batch.add(localnetElement(claim.localnet));
}

/** The conditions under which nobody has a mapping any more. */
function unused(
  { conditions, hasUnseen, mapped, waiting }: State,
  removed: readonly Element[],
  created: readonly Element[],
) {
  if (conditions.length === 0 || hasUnseen) return [];
  const gone = new Set(removed);
  const left = [...mapped, ...waiting, ...created].filter((element) => !gone.has(element));
  const used = new Set(left.map(({ set }) => digestOfMap(set)));
  return conditions.filter(({ digest }) => !used.has(digest));
}

function missingSets({ built, lengths, conditions }: State, { family, claim }: Change): Batch[] {
  if (!claim) return [];
  const missing = claim.wanted.sources.map(({ length }) => length).filter((length) => !lengths.includes(length));
  const batch = new Batch(family, TABLE);
  for (const length of new Set(missing)) {
    const set = sourcesSet(family, length);
    batch.create(set).add(sourcesRule(family, length, set));
  }
  const { condition } = claim.wanted;
  const isThere = conditions.some(({ digest }) => digest === condition?.digest);
  const conditional = condition && !isThere ? [buildCondition(family, condition)] : [];
  return [...(built ? [] : [buildLayout(family)]), batch, ...conditional];
}

interface Differences {
  readonly removed: Element[];
  readonly created: Element[];
  readonly displaced: Element[];
  readonly unmapped: Element[];
}

function differences(state: State, change: Change): Differences {
  const all: Differences = { removed: [], created: [], displaced: [], unmapped: [] };
  const isOwn = ({ comment = "" }: Element) => change.tags.has(tagOfComment(comment));
  const freed = changeMapped(state, change, isOwn, all);
  changeWaiting(state, change, isOwn, freed, all);
  changeSources(state, change, isOwn, all);
  all.removed.push(...state.holders.filter(({ key }) => change.tags.has(tagOfKey(key))));
  if (change.claim) {
    const { key, holderComment } = change.claim;
    all.created.push({ kind: "element", set: LAYOUTS[change.family].holders, key, comment: holderComment });
  }
  return all;
}

/** Returns the slots that nobody has any more. */
function changeMapped(
  { mapped, holders }: State,
  { family, claim, isAlive }: Change,
  isOwn: (element: Element) => boolean,
  { removed, created, displaced, unmapped }: Differences,
): Set<string> {
  const lives = lifeOf(holders, isAlive);
  const missing = new Map((claim?.wanted.entries ?? []).map((entry) => [slotName(entry), entry]));
  const freed = new Set<string>();
  for (const element of mapped) {
    const name = slotName(element);
    const entry = missing.get(name);
    if (isOwn(element)) {
      const isKept = entry && equalBytes(entry.data, element.data);
      if (isKept) missing.delete(name);
      else for (const list of [removed, unmapped]) list.push(element);
      if (!entry) freed.add(name);
    } else if (entry && claim?.yields && lives(element)) {
      missing.delete(name);
      created.push(waitingElement(family, { kind: "element", ...entry, comment: claim.comment }));
    } else if (entry) {
      removed.push(element);
      if (!lives(element)) continue;
      displaced.push(element);
      created.push(waitingElement(family, element));
    }
  }
  for (const { set, key, data } of missing.values()) {
    created.push({ kind: "element", set, key, data, comment: claim?.comment ?? "" });
  }
  return freed;
}

/** What waits for a freed slot gets it, the newest of those alive; what is dead goes. */
function changeWaiting(
  { waiting, holders }: State,
  { family, isAlive }: Change,
  isOwn: (element: Element) => boolean,
  freed: ReadonlySet<string>,
  { removed, created }: Differences,
): void {
  const lives = lifeOf(holders, isAlive);
  const since = sinceOf(holders);
  const heirs = new Map<string, Element>();
  for (const element of waiting) {
    const name = slotName(entryOfWaiting(family, element));
    if (isOwn(element) || (freed.has(name) && !lives(element))) {
      removed.push(element);
      continue;
    }
    const other = heirs.get(name);
    if (freed.has(name) && (!other || since(other) < since(element))) heirs.set(name, element);
  }
  for (const heir of heirs.values()) {
    removed.push(heir);
    created.push({ kind: "element", ...entryOfWaiting(family, heir), comment: heir.comment ?? "" });
  }
  dropTwins(waiting, removed, created);
}

/** What already waits need not be told to wait; one with the same target in the name of another is replaced. */
function dropTwins(waiting: readonly Element[], removed: Element[], created: Element[]): void {
  const gone = new Set(removed);
  const kept = new Map(waiting.filter((one) => !gone.has(one)).map((one) => [slotName(one), one]));
  for (let i = created.length - 1; i >= 0; i--) {
    const element = created[i] as Element;
    const twin = kept.get(slotName(element));
    if (!twin) continue;
    if (twin.comment === element.comment) created.splice(i, 1);
    else removed.push(twin);
  }
}

function changeSources(
  { sources }: State,
  { family, claim }: Change,
  isOwn: (element: Element) => boolean,
  { removed, created }: Differences,
): void {
  const wanted = (claim?.wanted.sources ?? []).map((source) => ({ set: setOfSource(family, source), key: source.key }));
  const missing = new Map(wanted.map((source) => [slotName(source), source]));
  for (const element of sources) {
    const name = slotName(element);
    if (missing.has(name) ? !isOwn(element) : isOwn(element)) removed.push(element);
    else missing.delete(name);
  }
  for (const { set, key } of missing.values()) {
    created.push({ kind: "element", set, key, comment: claim?.comment ?? "" });
  }
}

/** Whether the owner of an element may be alive: only of one whose link is gone it is known that it is not. */
function lifeOf(holders: readonly Element[], isAlive: (link: number) => boolean): (element: Element) => boolean {
  const known = factsOf(holders);
  return ({ comment = "" }) => {
    const link = known.get(tagOfComment(comment))?.link ?? 0;
    return link === 0 || isAlive(link);
  };
}

function sinceOf(holders: readonly Element[]): (element: Element) => number {
  const known = factsOf(holders);
  return ({ comment = "" }) => known.get(tagOfComment(comment))?.since ?? 0;
}

function factsOf(holders: readonly Element[]) {
  return new Map(holders.map((holder) => [tagOfKey(holder.key), holderOf(holder)]));
}

function waitingElement(family: IpFamily, { set, key, data = new Uint8Array(), comment = "" }: Element): Element {
  return { kind: "element", ...waitingOf(family, { set, key, data }), comment };
}

function equalBytes(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** In parts that one message can have each. */
function* bySet(elements: readonly Element[]): Iterable<[SetName, Element[]]> {
  const sets = new Map<string, Element[]>();
  for (const element of elements) {
    const others = sets.get(element.set.name);
    if (others) others.push(element);
    else sets.set(element.set.name, [element]);
  }
  for (const all of sets.values()) {
    for (let at = 0; at < all.length; at += ELEMENTS_MAX) {
      const part = all.slice(at, at + ELEMENTS_MAX);
      if (part[0]) yield [part[0].set, part];
    }
  }
}
