import { Explained } from "../../base/explained.ts";
import { formatIp, type Ip, type Prefix, parseIp, parsePrefix } from "../../base/ip.ts";
import { formatMac, type Mac, parseMac } from "../../base/mac.ts";
import { encodeUtf8 } from "../../base/utf8.ts";

/** Values as the importing program writes them. What is none throws Explained, which names the field and says what would be. */

export type IpFamily = "ipv4" | "ipv6";

/** AF_INET and AF_INET6 (linux/socket.h). */
export const FAMILIES: Readonly<Record<IpFamily, number>> = { ipv4: 2, ipv6: 10 };

/** The families that are meant: both where none is named. */
export function familiesOf(family: IpFamily | undefined): number[] {
  if (family === undefined) return Object.values(FAMILIES);
  return [FAMILIES[oneOf("family", family, FAMILIES)]];
}

export function familyOf(ip: Ip): IpFamily {
  return ip.length === 4 ? "ipv4" : "ipv6";
}

export function refusal(field: string, value: unknown, expected: string): Explained {
  return new Explained(`${field}: ${JSON.stringify(value)} is not ${expected}`, `expected ${expected}`);
}

export function ipOf(field: string, text: string): Ip {
  const ip = typeof text === "string" ? parseIp(text) : undefined;
  if (ip) return ip;
  throw refusal(field, text, 'an IPv4 or IPv6 address: "10.0.0.2"');
}

export function prefixOf(field: string, text: string): Prefix {
  const prefix = typeof text === "string" ? parsePrefix(text) : undefined;
  if (prefix) return prefix;
  throw refusal(field, text, 'an address with a prefix length: "10.0.0.2/24"');
}

/** A prefix, or an address alone, which stands for itself. */
export function networkOf(field: string, text: string): Prefix {
  const ip = typeof text === "string" ? parseIp(text) : undefined;
  return ip ? { ip, length: 8 * ip.length } : prefixOf(field, text);
}

/** `10.0.0.0/8`; without the length where that is all of the address. */
export function networkText({ ip, length }: Prefix): string {
  return length === 8 * ip.length ? formatIp(ip) : `${formatIp(ip)}/${length}`;
}

const LONGEST_NAME = 15;

/** What the kernel takes for an interface's name (dev_valid_name). */
export function nameOf(field: string, name: string): string {
  const fits = typeof name === "string" && name !== "" && encodeUtf8(name).length <= LONGEST_NAME;
  if (fits && !/[\s/:]/.test(name) && name !== "." && name !== "..") return name;
  throw refusal(field, name, `an interface's name: 1 to ${LONGEST_NAME} bytes without blanks, "/" and ":"`);
}

/** An Ethernet address of one interface. */
export function macOf(field: string, text: string): Mac {
  const mac = typeof text === "string" ? parseMac(text) : undefined;
  if (mac?.length === 6 && ((mac[0] ?? 0) & 1) === 0 && mac.some((byte) => byte !== 0)) return mac;
  throw refusal(
    field,
    text,
    'the MAC address of one interface, six bytes of which the first is even: "02:00:00:00:00:01"',
  );
}

/** One of the addresses that anybody may give himself. */
export function someMac(): Mac {
  const mac = crypto.getRandomValues(new Uint8Array(6));
  mac[0] = ((mac[0] ?? 0) & 0xfc) | 2;
  return mac;
}

/** Undefined for a link without one. */
export function macText(mac: Mac): string | undefined {
  return mac.length > 0 ? formatMac(mac) : undefined;
}

/** A whole number from `least` to `most`. */
export function wholeOf(field: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw refusal(field, value, `a whole number from ${least} to ${most}`);
}

/** A word of a table. */
export function oneOf<K extends string>(field: string, word: K, table: Readonly<Record<K, unknown>>): K {
  if (typeof word === "string" && Object.hasOwn(table, word)) return word;
  throw refusal(field, word, `one of ${Object.keys(table).join(", ")}`);
}

/** The word that a number of a table has; the number itself, as text, where it has none. */
export function wordOf<K extends string>(table: Readonly<Record<K, number>>, number: number): K | `${number}` {
  for (const word in table) if (table[word] === number) return word;
  return `${number}`;
}
