import { formatIp } from "../../../base/ip.ts";
import type { Client } from "../../../netlink/client.ts";
import { listPacked } from "../../../nft/find-packed.ts";
import { listElements, listSets } from "../../../nft/find-set.ts";
import { type IpFamily, SIZES } from "../../../nft/match-concat.ts";
import type { Packed } from "../../../nft/packed.ts";
import { endAt, numberAt } from "./bytes.ts";
import type { Known } from "./edits.ts";
import { Elements, placesOf, type SetId, setOf } from "./elements.ts";
import { choicesMap, FAMILIES, MAPS, rangesLength, TABLE, type View } from "./layout.ts";
import type { Adoptable, AdoptedGroup } from "./planner.ts";

/** What the kernel has of one family. */
export interface Found extends Known {
  readonly elements: Elements;
}

export function emptyFound(family: IpFamily): Found {
  return { elements: new Elements(family), choices: new Set(), lengths: new Set() };
}

/** Reads all of the own table that the agent writes, not what packets put there. Empty without it. Throws NetlinkError. */
export function readFound(client: Client, family: IpFamily): Found {
  const lengths = listSets(client, family, TABLE).flatMap(({ name }) => rangesLength(name) ?? []);
  const ids: SetId[] = [
    ...(Object.keys(MAPS[family]) as SetId[]),
    ...lengths.map((length) => `ranges-${length}` as const),
  ];
  const elements = new Elements(family);
  for (const id of ids) if (id !== "affinity") elements.put(id, listPacked(client, family, TABLE, setOf(family, id)));
  const choices = listElements(client, family, TABLE, choicesMap("services")).map(({ key }) => numberAt(key));
  return { elements, choices: new Set(choices), lengths: new Set(lengths) };
}

/** The groups that a dump has, for services to take as theirs. */
export function adoptableOf(found: Readonly<Record<IpFamily, Found>>): Adoptable {
  const groups = { ip: groupsOf(found.ip.elements), ip6: groupsOf(found.ip6.elements) };
  const places = new Map<string, Map<string, number>>();
  const placesIn = (family: IpFamily, map: View) => {
    const known = places.get(`${family} ${map}`) ?? placesOf(found[family].elements.get(map));
    places.set(`${family} ${map}`, known);
    return known;
  };
  const last = (set: SetId) => Math.max(0, ...FAMILIES.map((family) => lastKey(found[family].elements.get(set))));
  return {
    lastGroup: last("groups"),
    lastNumber: last("live"),
    take(family, map, key) {
      const packed = found[family].elements.get(map);
      const at = placesIn(family, map).get(key);
      if (!packed || at === undefined) return undefined;
      const id = numberAt(packed.bytes, at + packed.keySize);
      const group = groups[family].get(id);
      groups[family].delete(id);
      return group;
    },
  };
}

/** Each element of a set: where it is, and its bytes. */
function* each(packed: Packed | undefined): Iterable<readonly [at: number, bytes: Uint8Array]> {
  if (!packed) return;
  for (let i = 0; i < packed.count; i++) yield [i * packed.size, packed.bytes];
}

function lastKey(packed: Packed | undefined): number {
  let last = 0;
  for (const [at, bytes] of each(packed)) last = Math.max(last, numberAt(bytes, at));
  return last;
}

interface Growing extends AdoptedGroup {
  readonly ends: string[];
  readonly numbers: Map<string, number>;
}

function groupsOf(elements: Elements): Map<number, Growing> {
  const size = SIZES[elements.family];
  const groups = new Map<number, Growing>();
  for (const [at, bytes] of each(elements.get("groups"))) {
    const id = numberAt(bytes, at);
    groups.set(id, { id, ends: [], numbers: new Map() });
  }
  for (const [at, bytes] of each(elements.get("endpoints"))) {
    const group = groups.get(numberAt(bytes, at));
    if (group) group.ends[numberAt(bytes, at + 4)] = endAt(bytes, at + 8, size, formatIp);
  }
  const live = new Map<number, string>();
  for (const [at, bytes] of each(elements.get("live")))
    live.set(numberAt(bytes, at), endAt(bytes, at + 4, size, formatIp));
  for (const [at, bytes] of each(elements.get("members"))) {
    const group = groups.get(numberAt(bytes, at));
    const number = numberAt(bytes, at + 8);
    const end = live.get(number);
    if (!group || end === undefined) continue;
    group.ends[numberAt(bytes, at + 4)] = end;
    group.numbers.set(end, number);
  }
  return groups;
}
