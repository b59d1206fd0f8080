/** UTF-8 (RFC 3629) for the short strings of wire formats; engines without TextEncoder need it. */

/** What a host does faster than a script could. */
interface Utf8 {
  encode(text: string): Uint8Array;
  /** Undefined for bytes that are not UTF-8. */
  decode(bytes: Uint8Array): string | undefined;
}

let host: Utf8 | undefined;

/** Has all be done by the host from now on. */
export function useHost(utf8: Utf8): void {
  host = utf8;
}

/** The UTF-8 bytes of `text`; an unpaired surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  if (host) return host.encode(text);
  const ascii = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return encodeAny(text);
    ascii[i] = unit;
  }
  return ascii;
}

function encodeAny(text: string): Uint8Array {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) bytes.push(unit);
    else {
      const point = text.codePointAt(i) ?? 0;
      if (point > 0xffff) i++;
      pushPoint(bytes, point >= 0xd800 && point <= 0xdfff ? 0xfffd : point);
    }
  }
  return Uint8Array.from(bytes);
}

function pushPoint(bytes: number[], point: number): void {
  if (point < 0x800) bytes.push(0xc0 | (point >> 6));
  else if (point < 0x10000) bytes.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63));
  else bytes.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63));
  bytes.push(0x80 | (point & 63));
}

/** The text of UTF-8 bytes; each byte that belongs to no character becomes U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  if (host) return host.decode(bytes) ?? decodeAny(bytes);
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] as number) > 0x7f) return decodeAny(bytes);
  // Short enough to be arguments: nothing that is all ASCII here is longer than a netlink attribute.
  return bytes.length < ARGUMENTS
    ? String.fromCharCode.apply(undefined, bytes as unknown as number[])
    : decodeAny(bytes);
}

const ARGUMENTS = 4096;

function decodeAny(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; ) {
    const lead = bytes[i] ?? 0;
    const size = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    const point = size === 0 ? undefined : pointAt(bytes, i, size);
    text += String.fromCodePoint(point ?? 0xfffd);
    i += point === undefined ? 1 : size;
  }
  return text;
}

const SMALLEST = [0, 0, 0x80, 0x800, 0x10000];

function pointAt(bytes: Uint8Array, at: number, size: number): number | undefined {
  const lead = bytes[at] ?? 0;
  let point = size === 1 ? lead : lead & (0x7f >> size);
  for (let i = 1; i < size; i++) {
    const byte = bytes[at + i] ?? 0;
    if ((byte & 0xc0) !== 0x80) return undefined;
    point = (point << 6) | (byte & 63);
  }
  const surrogate = point >= 0xd800 && point <= 0xdfff;
  return surrogate || point < (SMALLEST[size] ?? 0) || point > 0x10ffff ? undefined : point;
}
