import { formatIp, parseIp } from "../../base/ip.ts";
import { formatMac, parseMac } from "../../base/mac.ts";
import { decodeUtf8, encodeUtf8 } from "../../base/utf8.ts";
import { concatenated, partsOf, portBytes, portOf } from "../../nft/concat.ts";
import { KEY_TYPES, type KeyType } from "../../nft/objects.ts";
import { PROTOCOLS } from "../../nft/text.ts";
import { encoded, u32 } from "../../wire/coder.ts";
import { u32At } from "../../wire/cursor.ts";
import { nameOf, oneOf, refusal, wholeOf } from "./values.ts";

/** One type, or a concatenation of several. */
export type KeyTypes = KeyType | readonly KeyType[];

interface Values {
  ipv4_addr: string;
  ipv6_addr: string;
  ether_addr: string;
  /** An interface's name. */
  ifname: string;
  /** "tcp", "udp", "sctp", or a number. */
  inet_proto: string | number;
  /** A port. */
  inet_service: number;
  mark: number;
}

/** A value of a type of keys: text or a number; of a concatenation one for each part. */
export type KeyOf<T extends KeyTypes> = T extends KeyType
  ? Values[T]
  : T extends readonly KeyType[]
    ? { readonly [I in keyof T]: T[I] extends KeyType ? Values[T[I]] : never }
    : never;

/** @throws Explained, which names `field` */
export function keyBytes(field: string, types: KeyTypes, value: unknown): Uint8Array {
  if (typeof types === "string") return partBytes(field, types, value);
  if (!Array.isArray(value) || value.length !== types.length) {
    throw refusal(field, value, `a list of ${types.length} values: ${types.join(" . ")}`);
  }
  const parts = types.map((type, i) => partBytes(`${field}[${i}]`, type, value[i]));
  const [only] = parts;
  return only && parts.length === 1 ? only : concatenated(...parts);
}

export function keyValue(types: KeyTypes, bytes: Uint8Array): unknown {
  if (typeof types === "string") return partValue(types, bytes);
  return partsOf(types, bytes).map((part, i) => partValue(types[i] as KeyType, part));
}

const ENCODERS: Record<KeyType, (field: string, value: never) => Uint8Array> = {
  ipv4_addr: (field, value: string) => addressBytes(field, value, "IPv4", 4),
  ipv6_addr: (field, value: string) => addressBytes(field, value, "IPv6", 16),
  ether_addr(field, value: string) {
    const mac = typeof value === "string" ? parseMac(value) : undefined;
    if (mac?.length === 6) return mac;
    throw refusal(field, value, 'a MAC address of six bytes: "02:00:00:00:00:01"');
  },
  ifname(field, value: string) {
    const padded = new Uint8Array(KEY_TYPES.ifname.size);
    padded.set(encodeUtf8(nameOf(field, value)));
    return padded;
  },
  inet_proto: (field, value: string | number) => Uint8Array.of(protocolNumber(field, value)),
  inet_service: (field, value: number) => portBytes(wholeOf(field, value, 0, 0xffff)),
  mark: (field, value: number) => encoded(u32, wholeOf(field, value, 0, 0xffffffff)),
};

function partBytes(field: string, type: KeyType, value: unknown): Uint8Array {
  return ENCODERS[oneOf("type", type, KEY_TYPES)](field, value as never);
}

function addressBytes(field: string, text: string, family: string, size: number): Uint8Array {
  const ip = typeof text === "string" ? parseIp(text) : undefined;
  if (ip?.length === size) return ip;
  throw refusal(field, text, `an ${family} address`);
}

function protocolNumber(field: string, value: string | number): number {
  if (typeof value === "number") return wholeOf(field, value, 0, 0xff);
  const number = Object.keys(PROTOCOLS).find((key) => PROTOCOLS[Number(key)] === value);
  if (number !== undefined) return Number(number);
  throw refusal(field, value, `one of ${Object.values(PROTOCOLS).join(", ")}, or a protocol's number`);
}

function partValue(type: KeyType, bytes: Uint8Array): string | number {
  switch (type) {
    case "ether_addr":
      return formatMac(bytes);
    case "ifname":
      return decodeUtf8(bytes).replace(/\0+$/, "");
    case "inet_proto":
      return PROTOCOLS[bytes[0] ?? 0] ?? bytes[0] ?? 0;
    case "inet_service":
      return portOf(bytes);
    case "mark":
      return u32At(bytes, 0);
    default:
      return formatIp(bytes);
  }
}
