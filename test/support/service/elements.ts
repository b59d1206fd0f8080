/** Elements as the kernel follows them. */
import { formatIp } from "../../../src/base/ip.ts";
import { bytesText, endAt, numberAt } from "../../../src/service/sinks/nft/bytes.ts";
import type { Edits } from "../../../src/service/sinks/nft/edits.ts";
import { Elements, type SetId } from "../../../src/service/sinks/nft/elements.ts";

/** An element of a map, its data absent in a set. */
export interface Item {
  readonly key: Uint8Array;
  readonly data?: Uint8Array;
}

/** Sets of one family by their names, each with its elements by their keys. */
export type Kernel = Map<SetId, Map<string, Item>>;

export function kernelOf(elements: Elements): Kernel {
  return new Map(elements.ids().map((set) => [set, itemsOf(elements, set)]));
}

function itemsOf(elements: Elements, set: SetId): Map<string, Item> {
  const packed = elements.of(set);
  const items = Array.from({ length: packed.count }, (_, i) => packed.element(i * packed.size));
  const named = new Map(items.map((item) => [keyOf(item.key), item]));
  if (named.size !== items.length) throw new Error(`${set} has a key twice`);
  return named;
}

export function keyOf(key: Uint8Array): string {
  return bytesText(key, 0, key.length);
}

/** What the kernel has, as an agent reads it. */
export function elementsOf(kernel: Kernel): Elements {
  const elements = new Elements("ip");
  for (const [set, items] of kernel) {
    const packed = elements.of(set);
    for (const { key, data } of items.values()) {
      const at = packed.push();
      packed.bytes.set(key, at);
      if (data) packed.bytes.set(data, at + packed.keySize);
    }
  }
  return elements;
}

/** Does what the kernel does, which refuses what is not there, or is there already. */
export function perform(edits: Edits, kernel: Kernel): void {
  for (const { verb, set, items } of edits.changes()) {
    const there = kernel.get(set) ?? new Map<string, Item>();
    kernel.set(set, there);
    for (let i = 0; i < items.count; i++) {
      const item = items.element(i * items.size);
      const key = keyOf(item.key);
      if (there.has(key) !== (verb === "delete")) throw new Error(`${verb} of ${set} ${[...item.key].join(".")}`);
      if (verb === "add") there.set(key, item);
      else there.delete(key);
    }
    if (there.size === 0) kernel.delete(set);
  }
}

/** A line for each element, sorted. */
export function linesOf(kernel: Kernel): string[] {
  const lines = [...kernel].flatMap(([set, items]) =>
    [...items.values()].map(({ key, data }) => `${set} ${key.join(".")}${data ? ` : ${data.join(".")}` : ""}`),
  );
  return lines.sort();
}

const end = (data: Uint8Array) => endAt(data, 0, 4, formatIp);

/** The endpoints of a group, whose places must be 0 to n-1. */
export function groupOf(kernel: Kernel, group: number): { ends: string[]; seconds: (choice: number) => number } {
  const endpoints = placesOf(kernel, "endpoints", group).map(({ data }) => end(data));
  const members = placesOf(kernel, "members", group).map(({ data }) => {
    const live = [...(kernel.get("live")?.values() ?? [])].find(({ key }) => numberAt(key) === numberAt(data));
    if (!live?.data) throw new Error(`the number ${numberAt(data)} is not in live`);
    return end(live.data);
  });
  if (endpoints.length > 0 && members.length > 0) throw new Error(`the group ${group} has both endpoints and members`);
  const isSticky = members.length > 0;
  return { ends: [...endpoints, ...members], seconds: (choice) => (isSticky ? choice >>> 14 : 0) };
}

function placesOf(kernel: Kernel, map: "endpoints" | "members", group: number): { place: number; data: Uint8Array }[] {
  const found = [...(kernel.get(map)?.values() ?? [])].filter(({ key }) => numberAt(key) === group);
  const places = found.map(({ key, data }) => ({ place: numberAt(key, 4), data: data as Uint8Array }));
  places.sort((a, b) => a.place - b.place);
  if (places.some(({ place }, i) => place !== i))
    throw new Error(`the places of group ${group} in ${map} are not 0 to n-1`);
  return places;
}
