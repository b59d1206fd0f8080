import type { Client } from "../../host/nft.ts";
import { getElements, hasSets, listElements, listSets } from "../../nft/find-set.ts";
import type { Element } from "../../nft/objects.ts";
import { tagOfComment } from "../owner.ts";
import { holderKey } from "./nft-holder.ts";
import { type IpFamily, LAYOUTS, sourcesLength, sourcesSet, TABLE } from "./nft-layout.ts";
import { entryOfWaiting, type Slot, sourceKeys, targetOf } from "./nft-wanted.ts";

/** What is in the tables, as far as a change has to know. */
export interface State {
  /** Whether the tables are there at all. */
  readonly built: boolean;
  /** The lengths of which there is a set of sources. */
  readonly lengths: readonly number[];
  readonly holders: readonly Element[];
  /** Of `ports` and `addresses`. */
  readonly mapped: readonly Element[];
  readonly waiting: readonly Element[];
  readonly sources: readonly Element[];
}

const NOTHING = { holders: [], mapped: [], waiting: [], sources: [] } as const;

/** As if nobody had a mapping: of what must be built first alone it is asked. */
export function assumedState(client: Client, family: IpFamily, lengths: readonly number[]): State {
  const names = [LAYOUTS[family].holders.name, ...lengths.map((length) => sourcesSet(family, length).name)];
  const [built = false, ...there] = hasSets(client, family, TABLE, names);
  return { ...NOTHING, built, lengths: lengths.filter((_, i) => there[i]) };
}

/** All that there is. */
export function readState(client: Client, family: IpFamily): State {
  const { ports, addresses, waiting, holders } = LAYOUTS[family];
  const lengths = listLengths(client, family);
  if (!lengths) return { ...NOTHING, built: false, lengths: [] };
  const all = (set: Element["set"]) => listElements(client, family, TABLE, set);
  return {
    built: true,
    lengths,
    holders: all(holders),
    mapped: [...all(ports), ...all(addresses)],
    waiting: all(waiting),
    sources: lengths.flatMap((length) => all(sourcesSet(family, length))),
  };
}

/** Undefined where the tables are not there. */
function listLengths(client: Client, family: IpFamily): number[] | undefined {
  const names = listSets(client, family, TABLE).map(({ name }) => name);
  if (!names.includes(LAYOUTS[family].holders.name)) return undefined;
  return names.flatMap((name) => sourcesLength(name) ?? []);
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
  const { ports, addresses, waiting: waitingSet } = LAYOUTS[family];
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
  const targets = [...own.map(({ data }) => data), ...ownWaiting.map(({ key }) => entryOfWaiting(family, key).data)];
  const ips = new Map(targets.map((data = new Uint8Array()) => targetOf(family, data)).map((ip) => [ip.join(), ip]));
  const lengths = listLengths(client, family) ?? [];
  const sources = lengths.flatMap((length) => {
    const keys = [...ips.values()].flatMap((ip) => sourceKeys(ip, length));
    return getElements(client, family, TABLE, sourcesSet(family, length), keys);
  });
  const others = new Set(waiting.map(({ comment = "" }) => tagOfComment(comment)).filter((one) => one !== tag));
  const heirs = getElements(client, family, TABLE, LAYOUTS[family].holders, [...others].map(holderKey));
  const holders = [holder, ...present(heirs)];
  return { built: true, lengths, holders, mapped, waiting, sources: present(sources) };
}

function present(elements: readonly (Element | undefined)[]): Element[] {
  return elements.filter((element) => element !== undefined);
}
