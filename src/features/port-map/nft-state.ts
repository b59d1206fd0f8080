import type { Client } from "../../host/nft.ts";
import { countElements } from "../../nft/find-empty.ts";
import { getElements, hasSets, listElements, listSets } from "../../nft/find-set.ts";
import type { Element, NftSet } from "../../nft/objects.ts";
import { tagOfComment } from "../owner.ts";
import { digestOfMap, type FoundCondition, findConditions, mapsUnder } from "./nft-conditions.ts";
import { holderKey, holderOf } from "./nft-holder.ts";
import { type IpFamily, LAYOUTS, sourcesLength, sourcesSet, TABLE } from "./nft-layout.ts";
import { entryOfWaiting, type Slot, sourceKeys, targetOf } from "./nft-wanted.ts";

/** What is in the tables, as far as a change has to know. */
export interface State {
  /** Whether the tables are there at all. */
  readonly built: boolean;
  /** The lengths of which there is a set of sources. */
  readonly lengths: readonly number[];
  readonly holders: readonly Element[];
  /** Of `ports` and `addresses`, under any condition and none. */
  readonly mapped: readonly Element[];
  readonly waiting: readonly Element[];
  readonly sources: readonly Element[];
  /** Those under which there are mappings. */
  readonly conditions: readonly FoundCondition[];
  /** Whether somebody has mappings under them of which the rest does not say. */
  readonly hasUnseen?: true;
}

const NOTHING = { holders: [], mapped: [], waiting: [], sources: [], conditions: [] } as const;

/** As if nobody had a mapping: of what must be built first alone it is asked. */
export function assumedState(client: Client, family: IpFamily, lengths: readonly number[], digest?: string): State {
  const names = [LAYOUTS[family].holders.name, ...lengths.map((length) => sourcesSet(family, length).name)];
  if (digest !== undefined) names.push(mapsUnder(family, digest).waiting.name);
  const [built = false, ...there] = hasSets(client, family, TABLE, names);
  const conditions = digest !== undefined && there[lengths.length] ? [{ digest, entrances: [] }] : [];
  return { ...NOTHING, built, lengths: lengths.filter((_, i) => there[i]), conditions };
}

/** All that there is. */
export function readState(client: Client, family: IpFamily): State {
  const sets = listSets(client, family, TABLE);
  const { holders } = LAYOUTS[family];
  if (!sets.some(({ name }) => name === holders.name)) return { ...NOTHING, built: false, lengths: [] };
  const lengths = lengthsIn(sets);
  const digests = new Set(sets.map(digestOfMap).filter((digest) => digest !== undefined));
  const maps = [undefined, ...digests].map((digest) => mapsUnder(family, digest));
  const all = (set: Element["set"]) => listElements(client, family, TABLE, set);
  return {
    built: true,
    lengths,
    holders: all(holders),
    mapped: maps.flatMap(({ ports, addresses }) => [...all(ports), ...all(addresses)]),
    waiting: maps.flatMap(({ waiting }) => all(waiting)),
    sources: lengths.flatMap((length) => all(sourcesSet(family, length))),
    conditions: findConditions(client, family, [...digests]),
  };
}

/** The lengths of the networks of which there is a set of sources. */
function lengthsIn(sets: readonly Pick<NftSet, "name">[]): number[] {
  return sets.flatMap(({ name }) => sourcesLength(name) ?? []);
}

/**
 * What one owner has, and what waits, at a cost that does not grow with the mappings of others. Undefined when it is not all
 * in `slots`: `count` mappings are to be found.
 */
export function readOwn(
  client: Client,
  family: IpFamily,
  holder: Element,
  { tag, count }: { readonly tag: string; readonly count: number },
  slots: readonly Slot[],
): State | undefined {
  const { condition } = holderOf(holder);
  const { ports, addresses, waiting: waitingSet } = mapsUnder(family, condition);
  const isOwn = ({ comment = "" }: Element) => tagOfComment(comment) === tag;
  const found = [ports, addresses].flatMap((set) => {
    const keys = slots.flatMap((slot) => (slot.set.name === set.name ? [slot.key] : []));
    return getElements(client, family, TABLE, set, keys);
  });
  const mapped = present(found);
  const waiting = listElements(client, family, TABLE, waitingSet);
  const own = mapped.filter(isOwn);
  const ownWaiting = waiting.filter(isOwn);
  if (own.length + ownWaiting.length !== count) return undefined;
  const targets = [
    ...own.map(({ data }) => data),
    ...ownWaiting.map((element) => entryOfWaiting(family, element).data),
  ];
  const ips = new Map(targets.map((data = new Uint8Array()) => targetOf(family, data)).map((ip) => [ip.join(), ip]));
  const lengths = lengthsIn(listSets(client, family, TABLE));
  const sources = lengths.flatMap((length) => {
    const keys = [...ips.values()].flatMap((ip) => sourceKeys(ip, length));
    return getElements(client, family, TABLE, sourcesSet(family, length), keys);
  });
  const others = new Set(waiting.map(({ comment = "" }) => tagOfComment(comment)).filter((one) => one !== tag));
  const heirs = getElements(client, family, TABLE, LAYOUTS[family].holders, [...others].map(holderKey));
  const holders = [holder, ...present(heirs)];
  const rest = { built: true, lengths, holders, mapped, waiting, sources: present(sources) };
  if (condition === undefined) return { ...rest, conditions: [] };
  const conditions = findConditions(client, family, [condition]);
  const isUnseen = hasOthers(client, family, [ports, addresses], mapped);
  return { ...rest, conditions, ...(isUnseen && { hasUnseen: true }) };
}

/** Whether there is more in maps than `known`. They are read only where the kernel does not say how much there is. */
function hasOthers(client: Client, family: IpFamily, maps: readonly NftSet[], known: readonly Element[]): boolean {
  return maps.some((set) => {
    const count = countElements(client, family, TABLE, set.name) ?? listElements(client, family, TABLE, set).length;
    return count > known.filter((element) => element.set.name === set.name).length;
  });
}

function present(elements: readonly (Element | undefined)[]): Element[] {
  return elements.filter((element) => element !== undefined);
}
