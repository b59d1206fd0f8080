/** Elements as the kernel follows them. */
import { formatIp } from "../../../src/base/ip.ts";
import { bytesText, endOfBytes, numberAt } from "../../../src/service/sinks/nft/bytes.ts";
import { type Edits, type Elements, putItem } from "../../../src/service/sinks/nft/edits.ts";

/** Does what the kernel does, which refuses what is not there, or is there already. */
export function perform(edits: Edits, kernel: Elements): void {
  for (const { verb, set, items } of edits.changes()) {
    for (const item of items) {
      const isThere = kernel.get(set)?.has(bytesText(item.key)) ?? false;
      if (isThere !== (verb === "delete")) throw new Error(`${verb} of ${set} ${[...item.key].join(".")}`);
      if (verb === "add") putItem(kernel, set, item);
      else kernel.get(set)?.delete(bytesText(item.key));
    }
    if (kernel.get(set)?.size === 0) kernel.delete(set);
  }
}

/** A line for each element, sorted. */
export function linesOf(elements: Elements): string[] {
  const lines = [...elements].flatMap(([set, items]) =>
    [...items.values()].map(({ key, data }) => `${set} ${key.join(".")}${data ? ` : ${data.join(".")}` : ""}`),
  );
  return lines.sort();
}

/** The endpoints of a group, whose places must be 0 to n-1. */
export function groupOf(kernel: Elements, group: number): { ends: string[]; seconds: (choice: number) => number } {
  const endpoints = placesOf(kernel, "endpoints", group).map(({ data }) => endOfBytes(data, formatIp));
  const members = placesOf(kernel, "members", group).map(({ data }) => {
    const live = [...(kernel.get("live")?.values() ?? [])].find(({ key }) => numberAt(key) === numberAt(data));
    if (!live?.data) throw new Error(`the number ${numberAt(data)} is not in live`);
    return endOfBytes(live.data, formatIp);
  });
  if (endpoints.length > 0 && members.length > 0) throw new Error(`the group ${group} has both endpoints and members`);
  const isSticky = members.length > 0;
  return { ends: [...endpoints, ...members], seconds: (choice) => (isSticky ? choice >>> 14 : 0) };
}

function placesOf(
  kernel: Elements,
  map: "endpoints" | "members",
  group: number,
): { place: number; data: Uint8Array }[] {
  const found = [...(kernel.get(map)?.values() ?? [])].filter(({ key }) => numberAt(key) === group);
  const places = found.map(({ key, data }) => ({ place: numberAt(key, 1), data: data as Uint8Array }));
  places.sort((a, b) => a.place - b.place);
  if (places.some(({ place }, i) => place !== i))
    throw new Error(`the places of group ${group} in ${map} are not 0 to n-1`);
  return places;
}
