import { type Family, familyOf, formatIp, type Ip } from "../../../base/ip.ts";

/** A packet as rules see it. */
export interface Packet {
  /** Names of the interfaces; "" where there is none at that hook. */
  readonly iif: string;
  readonly oif: string;
  readonly from: Ip;
  readonly to: Ip;
  /** 6 TCP, 17 UDP, 132 SCTP. */
  readonly protocol: number;
  /** The port that it is for. */
  readonly port: number;
  /** NF_CT_STATE_BIT: 2 established, 8 new. */
  readonly state: number;
  /** Whether `to` is an address of this machine. */
  readonly isLocal: boolean;
}

/** Addresses of nobody (RFC 5737, RFC 3849). */
const OUTSIDE: Readonly<Record<Family, Ip>> = {
  4: Uint8Array.of(192, 0, 2, 1),
  6: Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
};

/** Somebody beyond this machine, of the family of an address. */
export const outsideOf = (ip: Ip): Ip => OUTSIDE[familyOf(ip)];

export const NEW = 8;
export const ESTABLISHED = 2;

/** Bytes of which some are not known. */
export interface Known {
  readonly bytes: Uint8Array;
  readonly isKnown: readonly boolean[];
}

/** What of the network header rules look at. */
export function networkHeader({ from, to, protocol }: Packet): Known {
  return from.length === 4
    ? header(20, [9, [protocol]], [12, from], [16, to])
    : header(40, [6, [protocol]], [8, from], [24, to]);
}

/** The same of the transport header: the port that it is for. */
export function transportHeader({ port }: Packet): Known {
  return header(20, [2, [port >> 8, port & 255]]);
}

function header(size: number, ...parts: [at: number, bytes: Ip | number[]][]): Known {
  const bytes = new Uint8Array(size);
  const isKnown = new Array<boolean>(size).fill(false);
  for (const [at, part] of parts) {
    bytes.set(part, at);
    isKnown.fill(true, at, at + part.length);
  }
  return { bytes, isKnown };
}

/** For evidence: "10.4.0.2 > 192.0.2.1". */
export function packetText({ from, to }: Packet): string {
  return `${formatIp(from)} > ${formatIp(to)}`;
}
