/**
 * IP addresses and prefixes as values. An address is its bytes in network order: 4 for IPv4, 16 for IPv6.
 * Text follows Go's net.ParseIP, because configurations are written for it: dotted decimals without leading
 * zeros, no zone, and an IPv4-mapped IPv6 address is the IPv4 address. Output is RFC 5952.
 */
export type Ip = Uint8Array;

/** An address with a prefix length, host bits kept: `10.1.2.3/24`. */
export interface Prefix {
  readonly ip: Ip;
  /** Number of leading network bits: 0 to 32, or 0 to 128. */
  readonly length: number;
}

export type Family = 4 | 6;

export function familyOf(ip: Ip): Family {
  return ip.length === 4 ? 4 : 6;
}

/** The longest text of an address: six groups and a dotted IPv4. Longer ones need not be looked at. */
const LONGEST = 45;

/** Parses an address; undefined when the text is none. */
export function parseIp(text: string): Ip | undefined {
  if (text.length > LONGEST) return undefined;
  if (!text.includes(":")) return parseIp4(text);
  const ip = parseIp6(text);
  return ip && isMapped(ip) ? ip.slice(12) : ip;
}

/** Canonical text: dotted decimal, or RFC 5952 with lower-case digits and the longest run of zeros as `::`. */
export function formatIp(ip: Ip): string {
  if (ip.length === 4) return `${ip[0]}.${ip[1]}.${ip[2]}.${ip[3]}`;
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((ip[i] ?? 0) << 8) | (ip[i + 1] ?? 0));
  const { start, length } = longestZeroRun(groups);
  const hex = (part: number[]) => part.map((group) => group.toString(16)).join(":");
  if (length < 2) return hex(groups);
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

/** Parses `address/length`; undefined when it is none, or an IPv4-mapped IPv6 prefix. Host bits are kept. */
export function parsePrefix(text: string): Prefix | undefined {
  if (text.length > LONGEST + "/128".length) return undefined;
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const address = text.slice(0, slash);
  const digits = text.slice(slash + 1);
  const length = decimal(digits, 128);
  const v6 = address.includes(":");
  const ip = v6 ? parseIp6(address) : parseIp4(address);
  if (!ip || length === undefined || length > ip.length * 8) return undefined;
  if (v6 && isMapped(ip)) return undefined;
  return { ip, length };
}

/** `address/length`, host bits kept. */
export function formatPrefix(prefix: Prefix): string {
  return `${formatIp(prefix.ip)}/${prefix.length}`;
}

/** The first address of the prefix: all host bits zero. */
export function networkOf(prefix: Prefix): Ip {
  return masked(prefix, 0);
}

/** The last address of the prefix: all host bits one (the IPv4 broadcast address). */
export function lastOf(prefix: Prefix): Ip {
  return masked(prefix, 255);
}

/** Whether `ip` is of the prefix's family and inside it. */
export function prefixContains({ ip: network, length }: Prefix, ip: Ip): boolean {
  if (ip.length !== network.length) return false;
  for (let i = 0, bits = length; bits > 0; i++, bits -= 8) {
    const difference = (ip[i] as number) ^ (network[i] as number);
    if (difference >> Math.max(0, 8 - bits)) return false;
  }
  return true;
}

/** Negative, zero or positive, as for sort(); IPv4 sorts before IPv6. */
export function compareIp(a: Ip, b: Ip): number {
  if (a.length !== b.length) return a.length - b.length;
  const { length } = a;
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

export function equalIp(a: Ip, b: Ip): boolean {
  return compareIp(a, b) === 0;
}

/** The following address; the last one of the family wraps to zero. */
export function nextIp(ip: Ip): Ip {
  const next = ip.slice();
  for (let i = next.length - 1; i >= 0; i--) {
    const byte = ((next[i] ?? 0) + 1) & 255;
    next[i] = byte;
    if (byte) break;
  }
  return next;
}

/** The address before; zero wraps to the last one of the family. */
export function previousIp(ip: Ip): Ip {
  const previous = ip.slice();
  for (let i = previous.length - 1; i >= 0; i--) {
    const byte = ((previous[i] ?? 0) + 255) & 255;
    previous[i] = byte;
    if (byte !== 255) break;
  }
  return previous;
}

function masked({ ip, length }: Prefix, host: number): Ip {
  const out = ip.slice();
  const whole = length >> 3;
  if (whole >= out.length) return out;
  const mask = (0xff00 >> (length & 7)) & 255;
  const first = ((out[whole] as number) & mask) | (host & ~mask);
  out.fill(host, whole);
  out[whole] = first;
  return out;
}

/** A decimal number without sign or leading zero, at most `max`. */
function decimal(text: string, max: number): number | undefined {
  if (text.length > 3) return undefined;
  // The engine is quicker at that than we: what is no such number is not the text of the one that it makes of it.
  const value = Number(text);
  const isWhole = (value | 0) === value;
  return isWhole && value >= 0 && value <= max && String(value) === text ? value : undefined;
}

function parseIp4(text: string): Ip | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const ip = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    const byte = decimal(parts[i] ?? "", 255);
    if (byte === undefined) return undefined;
    ip[i] = byte;
  }
  return ip;
}

function parseIp6(text: string): Ip | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? "", halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? "", true) : [];
  if (!head || !tail) return undefined;
  const zeros = 16 - head.length - tail.length;
  if (halves.length === 2 ? zeros < 2 : zeros !== 0) return undefined;
  return Uint8Array.from([...head, ...new Array<number>(zeros).fill(0), ...tail]);
}

/** The bytes of colon-separated groups; the last may be dotted IPv4 if `ends` says that the address ends here. */
function groupsOf(text: string, ends: boolean): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i] ?? "";
    if (ends && i === groups.length - 1 && group.includes(".")) {
      const ip4 = parseIp4(group);
      if (!ip4) return undefined;
      bytes.push(...ip4);
      continue;
    }
    const value = hexGroup(group);
    if (value === undefined) return undefined;
    bytes.push(value >> 8, value & 255);
  }
  return bytes;
}

function hexGroup(text: string): number | undefined {
  if (text.length === 0 || text.length > 4) return undefined;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    const digit = c >= 48 && c <= 57 ? c - 48 : (c | 32) >= 97 && (c | 32) <= 102 ? (c | 32) - 87 : -1;
    if (digit < 0) return undefined;
    value = (value << 4) | digit;
  }
  return value;
}

function isMapped(ip: Ip): boolean {
  return ip[10] === 255 && ip[11] === 255 && ip.subarray(0, 10).every((byte) => byte === 0);
}

function longestZeroRun(groups: number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let i = 0; i < groups.length; i++) {
    let end = i;
    while (end < groups.length && groups[end] === 0) end++;
    if (end - i > best.length) best = { start: i, length: end - i };
    if (end > i) i = end;
  }
  return best;
}
