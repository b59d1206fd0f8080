import { type Ip, networkOf, type Prefix } from "../../base/ip.ts";
import { concatenated, portBytes } from "../../nft/concat.ts";
import type { Element, SetName } from "../../nft/objects.ts";
import type { Condition } from "./condition.ts";
import { digestOfMap, mapsUnder } from "./nft-conditions.ts";
import { familyOfIp, type IpFamily, LOOPBACK4, type Maps, sourcesSet } from "./nft-layout.ts";
import { type PortMapping, type PortMapWish, PROTOCOLS } from "./wish.ts";

/** What a wish is in the maps and sets of one family. Pure. */

/** Where a mapping is: a key of `ports` or of `addresses`. */
export interface Slot {
  readonly set: SetName;
  readonly key: Uint8Array;
}

/** A mapping in its slot. */
export interface Entry extends Slot {
  readonly data: Uint8Array;
}

/** A source that is to get the host's address. */
export interface Source {
  readonly length: number;
  readonly key: Uint8Array;
}

export interface Wanted {
  readonly family: IpFamily;
  /** Absent: none. */
  readonly condition?: Condition;
  /** Each slot once. */
  readonly entries: readonly Entry[];
  readonly sources: readonly Source[];
}

/** What the wish means for each family that the container has an address of. Families without a mapping are left out. */
export function wantedOf(wish: PortMapWish, addresses: readonly Prefix[]): Wanted[] {
  const { mappings, snat, masqAll, conditions } = wish;
  return addresses.flatMap(({ ip, length }) => {
    const family = familyOfIp(ip);
    const condition = conditions?.[family];
    const maps = mapsUnder(family, condition?.digest);
    const entries = distinct(
      mappings.filter((mapping) => isOf(family, mapping)).map((mapping) => entryOf(maps, mapping, ip)),
    );
    if (entries.length === 0) return [];
    const sources = snat ? sourcesOf({ ip, length }, masqAll) : [];
    return [{ family, ...(condition && { condition }), entries, sources }];
  });
}

/** The slots that mappings take in a family, under the condition with that digest. */
export function slotsOf(family: IpFamily, mappings: readonly PortMapping[], digest?: string): Slot[] {
  const maps = mapsUnder(family, digest);
  return distinct(mappings.filter((mapping) => isOf(family, mapping)).map((mapping) => slotOf(maps, mapping)));
}

function isOf(family: IpFamily, { hostIp }: PortMapping): boolean {
  return hostIp === undefined || familyOfIp(hostIp) === family;
}

function slotOf({ ports, addresses }: Maps, { protocol, hostPort, hostIp }: PortMapping): Slot {
  const port = [Uint8Array.of(PROTOCOLS[protocol]), portBytes(hostPort)];
  if (!hostIp || isUnspecified(hostIp)) return { set: ports, key: concatenated(...port) };
  return { set: addresses, key: concatenated(hostIp, ...port) };
}

function entryOf(maps: Maps, mapping: PortMapping, ip: Ip): Entry {
  return { ...slotOf(maps, mapping), data: concatenated(ip, portBytes(mapping.containerPort)) };
}

export function isUnspecified(ip: Ip): boolean {
  return ip.every((byte) => byte === 0);
}

/** Of several in one slot the first counts, as of rules one after the other. */
function distinct<S extends Slot>(slots: readonly S[]): S[] {
  const first = new Map<string, S>();
  for (const slot of slots) if (!first.has(slotName(slot))) first.set(slotName(slot), slot);
  return [...first.values()];
}

/** Tells slots, and elements of any set, apart. */
export function slotName({ set, key }: Pick<Element, "set" | "key">): string {
  return set.name + String.fromCharCode(...key);
}

/** The reference's sources: the container's whole subnet and 127.0.0.1, or all. */
function sourcesOf({ ip, length }: Prefix, masqAll: boolean): Source[] {
  if (masqAll) return [sourceOf(ip, 0)];
  const own = sourceOf(ip, length);
  return ip.length === 4 ? [own, { length: 32, key: concatenated(LOOPBACK4, ip) }] : [own];
}

function sourceOf(ip: Ip, length: number): Source {
  return { length, key: concatenated(networkOf({ ip, length }), ip) };
}

/** All keys that a container's address may have in a set of sources. */
export function sourceKeys(ip: Ip, length: number): Uint8Array[] {
  const own = sourceOf(ip, length).key;
  return ip.length === 4 && length === 32 ? [own, concatenated(LOOPBACK4, ip)] : [own];
}

/**
 * Where a mapping waits: its slot and target are one key of the `waiting` beside the map, in which the address is zeros where any
 * will do.
 */
export function waitingOf(family: IpFamily, { set, key, data }: Entry): Slot {
  const { ports, waiting } = mapsUnder(family, digestOfMap(set));
  const any = set.name === ports.name ? [new Uint8Array(ADDRESS_SIZES[family])] : [];
  return { set: waiting, key: concatenated(...any, key, data) };
}

const ADDRESS_SIZES = { ip: 4, ip6: 16 } as const;

/** The mapping that waits so. */
export function entryOfWaiting(family: IpFamily, { set, key: waiting }: Slot): Entry {
  const { ports, addresses } = mapsUnder(family, digestOfMap(set));
  const size = ADDRESS_SIZES[family];
  const end = size + 8;
  const data = waiting.slice(end);
  if (isUnspecified(waiting.subarray(0, size))) return { set: ports, key: waiting.slice(size, end), data };
  return { set: addresses, key: waiting.slice(0, end), data };
}

/** The container's address in the data of a map. */
export function targetOf(family: IpFamily, data: Uint8Array): Ip {
  return data.slice(0, ADDRESS_SIZES[family]);
}

/** The set of a source. */
export function setOfSource(family: IpFamily, { length }: Source): SetName {
  return sourcesSet(family, length);
}
