import { type Ip, parseIp, parsePrefix } from "../../../base/ip.ts";
import { type IpFamily, SIZES } from "../../../nft/match-concat.ts";
import { u32At } from "../../../wire/cursor.ts";
import type { Protocol } from "../../store/records.ts";

/** Keys and data of the maps as bytes, written where they are to be (packed.ts). Addresses come as text that has been read before. */

const PROTOCOLS: Record<Protocol, number> = { tcp: 6, udp: 17, sctp: 132 };

const SPACE = 0x20;
const DOT = 0x2e;

/** A number of 32 bits, in host order. */
export function putNumber(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

export function numberAt(bytes: Uint8Array, at = 0): number {
  return u32At(bytes, at);
}

/** The address that `text` begins with, up to its end or a space. Returns where its bytes end. */
export function putAddress(bytes: Uint8Array, at: number, text: string): number {
  let byte = 0;
  let to = at;
  // Nearly all are IPv4, and this is done for each endpoint that there is.
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === SPACE) break;
    if (c === DOT) {
      bytes[to++] = byte;
      byte = 0;
    } else if (c >= 0x30 && c <= 0x39) byte = byte * 10 + c - 0x30;
    else return putBytes(bytes, at, ipOf(text));
  }
  if (to !== at + 3) return putBytes(bytes, at, ipOf(text));
  bytes[to] = byte;
  return at + 4;
}

function ipOf(text: string): Ip {
  const space = text.indexOf(" ");
  return parseIp(space < 0 ? text : text.slice(0, space)) ?? new Uint8Array(4);
}

function putBytes(bytes: Uint8Array, at: number, value: Uint8Array): number {
  bytes.set(value, at);
  return at + value.length;
}

/** Padded. */
function putPort(bytes: Uint8Array, at: number, port: number): void {
  bytes[at] = port >> 8;
  bytes[at + 1] = port;
}

/** Of `services`: address . protocol . port; of `node` without the address, which is "" then. Returns where it ends. */
export function putFrontend(
  bytes: Uint8Array,
  at: number,
  { address, port }: { readonly address: string; readonly port: number },
  protocol: Protocol,
): number {
  const to = address === "" ? at : putAddress(bytes, at, address);
  bytes[to] = PROTOCOLS[protocol];
  putPort(bytes, to + 4, port);
  return to + 8;
}

/** `ADDRESS PORT`: an endpoint as text, by which it is told from others. */
export function endText(address: string, port: number): string {
  return `${address} ${port}`;
}

export function addressOfEnd(end: string): string {
  return end.slice(0, end.indexOf(" "));
}

/** address . port. */
export function putEnd(bytes: Uint8Array, at: number, end: string): void {
  putPort(bytes, putAddress(bytes, at, end), Number(end.slice(end.indexOf(" ") + 1)));
}

/** What putEnd was given: an address of so many bytes, and the port after it. */
export function endAt(bytes: Uint8Array, at: number, size: number, format: (ip: Ip) => string): string {
  const to = at + size;
  const port = ((bytes[to] ?? 0) << 8) | (bytes[to + 1] ?? 0);
  if (size !== 4) return endText(format(bytes.subarray(at, to)), port);
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]} ${port}`;
}

/** A network of the family; undefined for one of the other. */
export function networkOf(family: IpFamily, source: string): ReturnType<typeof parsePrefix> {
  const prefix = parsePrefix(source);
  return prefix?.ip.length === SIZES[family] ? prefix : undefined;
}

/** So many bytes as text for looking them up, two a character. Their number is even. */
export function bytesText(bytes: Uint8Array, at: number, size: number): string {
  const two = (i: number) => (bytes[at + i] as number) | ((bytes[at + i + 1] as number) << 8);
  // What nearly all keys have.
  if (size === 4) return String.fromCharCode(two(0), two(2));
  if (size === 8) return String.fromCharCode(two(0), two(2), two(4), two(6));
  if (size === 12) return String.fromCharCode(two(0), two(2), two(4), two(6), two(8), two(10));
  let text = "";
  for (let i = 0; i < size; i += 2) text += String.fromCharCode(two(i));
  return text;
}
