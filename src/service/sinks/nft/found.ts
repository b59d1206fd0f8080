import { formatIp } from "../../../base/ip.ts";
import type { Client } from "../../../netlink/client.ts";
import { listElements, listSets } from "../../../nft/find-set.ts";
import type { IpFamily } from "../../../nft/match-concat.ts";
import { endOfBytes, numberAt } from "./bytes.ts";
import { type Elements, type Known, putItem, setOf } from "./edits.ts";
import { choicesMap, FAMILIES, MAPS, rangesLength, TABLE } from "./layout.ts";
import type { Adoptable, AdoptedGroup } from "./planner.ts";
import type { SetId } from "./port-plan.ts";

/** What the kernel has of one family. */
export interface Found extends Known {
  readonly elements: Elements;
}

export function emptyFound(): Found {
  return { elements: new Map(), choices: new Set(), lengths: new Set() };
}

/** Reads all of the own table that the agent writes, not what packets put there. Empty without it. Throws NetlinkError. */
export function readFound(client: Client, family: IpFamily): Found {
  const lengths = listSets(client, family, TABLE).flatMap(({ name }) => rangesLength(name) ?? []);
  const ids: SetId[] = [
    ...(Object.keys(MAPS[family]) as SetId[]),
    ...lengths.map((length) => `ranges-${length}` as const),
  ];
  const elements: Elements = new Map();
  for (const id of ids) {
    if (id === "affinity") continue;
    for (const { key, data } of listElements(client, family, TABLE, setOf(family, id))) {
      putItem(elements, id, { key, ...(data && { data }) });
    }
  }
  const choices = listElements(client, family, TABLE, choicesMap("services")).map(({ key }) => numberAt(key));
  return { elements, choices: new Set(choices), lengths: new Set(lengths) };
}

/** The groups that a dump has, for services to take as theirs. */
export function adoptableOf(found: Readonly<Record<IpFamily, Found>>): Adoptable {
  const groups = { ip: groupsOf(found.ip), ip6: groupsOf(found.ip6) };
  const last = (set: SetId) => Math.max(0, ...FAMILIES.map((family) => lastKey(found[family].elements, set)));
  return {
    lastGroup: last("groups"),
    lastNumber: last("live"),
    take(family, map, key) {
      const data = found[family].elements.get(map)?.get(key)?.data;
      const id = data && numberAt(data);
      const group = id === undefined ? undefined : groups[family].get(id);
      if (id !== undefined) groups[family].delete(id);
      return group;
    },
  };
}

/** One after the other: there may be too many to be arguments of one call. */
function lastKey(elements: Elements, set: SetId): number {
  let last = 0;
  for (const { key } of elements.get(set)?.values() ?? []) last = Math.max(last, numberAt(key));
  return last;
}

interface Growing extends AdoptedGroup {
  readonly ends: string[];
  readonly numbers: Map<string, number>;
}

function groupsOf({ elements }: Found): Map<number, Growing> {
  const groups = new Map<number, Growing>();
  for (const { key } of elements.get("groups")?.values() ?? []) {
    groups.set(numberAt(key), { id: numberAt(key), ends: [], numbers: new Map() });
  }
  for (const { key, data } of elements.get("endpoints")?.values() ?? []) {
    const group = groups.get(numberAt(key));
    if (group && data) group.ends[numberAt(key, 1)] = endOfBytes(data, formatIp);
  }
  const live = new Map<number, string>();
  for (const { key, data } of elements.get("live")?.values() ?? [])
    if (data) live.set(numberAt(key), endOfBytes(data, formatIp));
  for (const { key, data } of elements.get("members")?.values() ?? []) {
    const group = groups.get(numberAt(key));
    const number = data ? numberAt(data) : 0;
    const end = live.get(number);
    if (!group || end === undefined) continue;
    group.ends[numberAt(key, 1)] = end;
    group.numbers.set(end, number);
  }
  return groups;
}
