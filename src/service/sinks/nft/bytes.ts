import { type Ip, parseIp, parsePrefix } from "../../../base/ip.ts";
import { concatenated, portOf } from "../../../nft/concat.ts";
import type { IpFamily } from "../../../nft/match-concat.ts";
import { u32At } from "../../../wire/cursor.ts";
import type { Protocol } from "../../store/records.ts";

/** Keys and data of the maps as bytes. Addresses come as text that has been read before. */

const PROTOCOLS: Record<Protocol, number> = { tcp: 6, udp: 17, sctp: 132 };

export function ipOf(address: string): Ip {
  return parseIp(address) ?? new Uint8Array(4);
}

/** Of `services`: address . protocol . port; of `node` without the address, which is "" then. */
export function frontendKey(address: string, protocol: Protocol, port: number): Uint8Array {
  const ip = address === "" ? undefined : ipOf(address);
  const at = ip?.length ?? 0;
  const bytes = new Uint8Array(at + 8);
  if (ip) bytes.set(ip);
  bytes[at] = PROTOCOLS[protocol];
  bytes[at + 4] = port >> 8;
  bytes[at + 5] = port;
  return bytes;
}

/** One or more numbers of 32 bits, in host order. */
export function numbers(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    bytes[4 * i] = value;
    bytes[4 * i + 1] = value >>> 8;
    bytes[4 * i + 2] = value >>> 16;
    bytes[4 * i + 3] = value >>> 24;
  }
  return bytes;
}

/** The number at that place among several. */
export function numberAt(bytes: Uint8Array, place = 0): number {
  return u32At(bytes, 4 * place) >>> 0;
}

/** `ADDRESS PORT`: an endpoint as text, by which it is told from others. */
export function endText(address: string, port: number): string {
  return `${address} ${port}`;
}

export function addressOfEnd(end: string): string {
  return end.slice(0, end.indexOf(" "));
}

/** address . port. */
export function endBytes(end: string): Uint8Array {
  const space = end.indexOf(" ");
  const ip = ipOf(end.slice(0, space));
  const bytes = new Uint8Array(ip.length + 4);
  const port = Number(end.slice(space + 1));
  bytes.set(ip);
  bytes[ip.length] = port >> 8;
  bytes[ip.length + 1] = port;
  return bytes;
}

/** What endBytes was made of. */
export function endOfBytes(bytes: Uint8Array, format: (ip: Ip) => string): string {
  const size = bytes.length - 4;
  return endText(format(bytes.subarray(0, size)), portOf(bytes.subarray(size)));
}

/** Key of a service . network, and the network's length; undefined for a network of the other family. */
export function rangeKey(
  family: IpFamily,
  key: Uint8Array,
  source: string,
): { readonly key: Uint8Array; readonly length: number } | undefined {
  const prefix = parsePrefix(source);
  if (!prefix || (prefix.ip.length === 4) !== (family === "ip")) return undefined;
  return { key: concatenated(key, prefix.ip), length: prefix.length };
}

/** Bytes as text, each as a character: for looking them up. */
export function bytesText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
