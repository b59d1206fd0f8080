import type { Ip } from "../../base/ip.ts";

/** The packet that is sent and followed: the first of a connection, which a mark in its bytes tells from all others. */

export type Transport = "tcp" | "udp" | "icmp";

/** What a packet is to look like. */
export interface Probe {
  readonly from: Ip;
  readonly to: Ip;
  readonly transport: Transport;
  /** Of tcp and udp; icmp has none: 0. */
  readonly fromPort: number;
  readonly toPort: number;
  /** MARK_SIZE random bytes. */
  readonly mark: Uint8Array;
}

export const MARK_SIZE = 4;

/** Where the mark lies behind the IP header: TCP's sequence number, and the first bytes of the data of the others. */
export const MARK_AT: Readonly<Record<Transport, number>> = { tcp: 4, udp: 8, icmp: 8 };

/** IANA's protocol numbers. */
export function protocolOf({ transport, from }: Pick<Probe, "transport" | "from">): number {
  if (transport === "icmp") return from.length === 4 ? 1 : 58;
  return transport === "tcp" ? 6 : 17;
}

const TTL = 64;
/** DF: RFC 791, §3.1. */
const DONT_FRAGMENT = 0x4000;
const SYN = 0x02;
const WINDOW = 64_240;
const ECHO_REQUEST = 8;
const ECHO_REQUEST6 = 128;

/** The whole packet, with its IP header and right checksums: RFC 791, 8200, 9293, 768, 792, 4443. */
export function packetOf(probe: Probe): Uint8Array {
  const body = bodyOf(probe);
  const { from, to } = probe;
  const header = from.length === 4 ? header4(probe, body.length) : header6(probe, body.length);
  const packet = new Uint8Array(header.length + body.length);
  packet.set(header);
  packet.set(body, header.length);
  const at = header.length + checksumAt(probe);
  const pseudo =
    probe.transport === "icmp" && from.length === 4 ? 0 : pseudoSum(from, to, protocolOf(probe), body.length);
  put16(packet, at, checksum(packet.subarray(header.length), pseudo));
  return packet;
}

function header4({ from, to, ...probe }: Probe, length: number): Uint8Array {
  const header = new Uint8Array(20);
  header[0] = 0x45;
  put16(header, 2, header.length + length);
  put16(header, 6, DONT_FRAGMENT);
  header[8] = TTL;
  header[9] = protocolOf({ from, ...probe });
  header.set(from, 12);
  header.set(to, 16);
  put16(header, 10, checksum(header, 0));
  return header;
}

function header6({ from, to, ...probe }: Probe, length: number): Uint8Array {
  const header = new Uint8Array(40);
  header[0] = 0x60;
  put16(header, 4, length);
  header[6] = protocolOf({ from, ...probe });
  header[7] = TTL;
  header.set(from, 8);
  header.set(to, 24);
  return header;
}

function bodyOf({ transport, from, fromPort, toPort, mark }: Probe): Uint8Array {
  const body = new Uint8Array(transport === "tcp" ? 20 : MARK_AT[transport] + MARK_SIZE);
  if (transport === "icmp") body[0] = from.length === 4 ? ECHO_REQUEST : ECHO_REQUEST6;
  else {
    put16(body, 0, fromPort);
    put16(body, 2, toPort);
  }
  if (transport === "udp") put16(body, 4, body.length);
  if (transport === "tcp") {
    body[12] = (body.length / 4) << 4;
    body[13] = SYN;
    put16(body, 14, WINDOW);
  }
  body.set(mark, MARK_AT[transport]);
  return body;
}

const checksumAt = ({ transport }: Probe): number => ({ tcp: 16, udp: 6, icmp: 2 })[transport];

function pseudoSum(from: Ip, to: Ip, protocol: number, length: number): number {
  return sum(from) + sum(to) + protocol + length;
}

/** RFC 1071; `more` is added to the sum. */
function checksum(bytes: Uint8Array, more: number): number {
  let total = sum(bytes) + more;
  while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 0x10000);
  return ~total & 0xffff;
}

function sum(bytes: Uint8Array): number {
  let total = 0;
  for (let i = 0; i < bytes.length; i += 2) total += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  return total;
}

function put16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 0xff;
}

/** What a packet's headers say: its addresses and ports (0 for what has none). */
export interface Flow {
  readonly from: Ip;
  readonly to: Ip;
  readonly fromPort: number;
  readonly toPort: number;
}

/** Of an IP header without options, and the bytes behind it. */
export function flowOf(network: Uint8Array, transport: Uint8Array, kind: Transport): Flow {
  const isV4 = (network[0] ?? 0) >> 4 === 4;
  const [from, to] = isV4
    ? [network.slice(12, 16), network.slice(16, 20)]
    : [network.slice(8, 24), network.slice(24, 40)];
  if (kind === "icmp") return { from, to, fromPort: 0, toPort: 0 };
  return { from, to, fromPort: get16(transport, 0), toPort: get16(transport, 2) };
}

const get16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

/** Whether the bytes behind an IP header have the probe's mark. */
export function isMarked(transport: Uint8Array, { transport: kind, mark }: Pick<Probe, "transport" | "mark">): boolean {
  const at = MARK_AT[kind];
  return transport.length >= at + mark.length && mark.every((byte, i) => transport[at + i] === byte);
}
