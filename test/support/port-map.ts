/** Attachments with port mappings in tests, and what nft says of them. */
import { parseCondition } from "../../src/features/port-map/condition-words.ts";
import type { Links } from "../../src/features/port-map/nft.ts";
import type { PortMapping, PortMapWish } from "../../src/features/port-map/wish.ts";
import type { Lab } from "./lab.ts";
import { ip } from "./nft.ts";

export const tcp = (hostPort: number, containerPort: number, hostIp?: string): PortMapping => ({
  protocol: "tcp",
  hostPort,
  containerPort,
  ...(hostIp !== undefined && { hostIp: ip(hostIp) }),
});

export const wish = (...mappings: PortMapping[]): PortMapWish => ({ mappings, snat: true, masqAll: false });

/** The same under a condition, in nft's words, of IPv4 packets. */
export function under(text: string, all: PortMapWish): PortMapWish {
  const ip = parseCondition("ip", text);
  return { ...all, ...(ip && { conditions: { ip } }) };
}

/** A machine on which the links in `there` are, and the new attachment's is `link`, come at the second `now`. */
export const links = (link: number, now = link, there: readonly number[] = [link]): Links => ({
  link,
  now,
  localnet: { name: "lab0", isOwn: false },
  isAlive: (one) => there.includes(one),
});

/** The elements of a map or set of the tables "berth-portmap", by family: "ip ports: tcp . 8080 → 10.1.2.3 . 80 (id)". */
export function portMapElements(lab: Lab, ...names: string[]): string[] {
  return lab
    .nftj(lab.host)
    .map((row) => row.map ?? row.set)
    .filter((set) => set?.table === "berth-portmap" && (names.length === 0 || names.includes(set.name)))
    .flatMap((set) => (set.elem ?? []).map((one: unknown) => `${set.family} ${set.name}: ${elementText(one)}`))
    .sort();
}

// biome-ignore lint/suspicious/noExplicitAny: nft's JSON
function elementText(one: any): string {
  if (Array.isArray(one)) return `${elementText(one[0])} → ${partsText(one[1])}${idOf(one[0])}`;
  return `${partsText(one.elem?.val ?? one)}`;
}

// biome-ignore lint/suspicious/noExplicitAny: nft's JSON
function partsText(value: any): string {
  return typeof value === "string" ? value : value.concat.join(" . ");
}

// biome-ignore lint/suspicious/noExplicitAny: nft's JSON
function idOf(key: any): string {
  const id = /id: (\S+)/.exec(key.elem?.comment ?? "")?.[1];
  return id ? ` (${id})` : "";
}
