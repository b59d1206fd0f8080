import { type Ip, networkOf, type Prefix } from "../../base/ip.ts";
import { concatenated, portBytes } from "../../nft/concat.ts";
import type { Element, SetName } from "../../nft/objects.ts";
import { familyOfIp, type IpFamily, LAYOUTS, LOOPBACK4, sourcesSet } from "./nft-layout.ts";
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
  /** Each slot once. */
  readonly entries: readonly Entry[];
  readonly sources: readonly Source[];
}

/** What the wish means for each family that the container has an address of. Families without a mapping are left out. */
export function wantedOf({ mappings, snat, masqAll }: PortMapWish, addresses: readonly Prefix[]): Wanted[] {
  return addresses.flatMap(({ ip, length }) => {
    const family = familyOfIp(ip);
    const entries = distinct(
      mappings.filter((mapping) => isOf(family, mapping)).map((mapping) => entryOf(family, mapping, ip)),
    );
    if (entries.length === 0) return [];
    return [{ family, entries, sources: snat ? sourcesOf({ ip, length }, masqAll) : [] }];
  });
}

/** The slots that mappings take in a family. */
export function slotsOf(family: IpFamily, mappings: readonly PortMapping[]): Slot[] {
  return distinct(mappings.filter((mapping) => isOf(family, mapping)).map((mapping) => slotOf(family, mapping)));
}

function isOf(family: IpFamily, { hostIp }: PortMapping): boolean {
  return hostIp === undefined || familyOfIp(hostIp) === family;
}

function slotOf(family: IpFamily, { protocol, hostPort, hostIp }: PortMapping): Slot {
  const { ports, addresses } = LAYOUTS[family];
  const port = [Uint8Array.of(PROTOCOLS[protocol]), portBytes(hostPort)];
  if (!hostIp || isUnspecified(hostIp)) return { set: ports, key: concatenated(...port) };
  return { set: addresses, key: concatenated(hostIp, ...port) };
}

function entryOf(family: IpFamily, mapping: PortMapping, ip: Ip): Entry {
  return { ...slotOf(family, mapping), data: concatenated(ip, portBytes(mapping.containerPort)) };
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

/** A mapping as an element of `waiting`, whose key is slot and target in one: the address is zeros where any will do. */
export function waitingKey(family: IpFamily, { set, key, data }: Entry): Uint8Array {
  const any = set.name === LAYOUTS[family].ports.name ? [new Uint8Array(ADDRESS_SIZES[family])] : [];
  return concatenated(...any, key, data);
}

const ADDRESS_SIZES = { ip: 4, ip6: 16 } as const;

/** The mapping that such a key is of. */
export function entryOfWaiting(family: IpFamily, waiting: Uint8Array): Entry {
  const { ports, addresses } = LAYOUTS[family];
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
