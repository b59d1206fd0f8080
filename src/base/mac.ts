/** A link-layer address: 6 bytes for Ethernet; 8 or 20 are accepted by the parser as Go's net.ParseMAC does. */
export type Mac = Uint8Array;

/** The longest text of one: 20 bytes with separators. */
const LONGEST = 59;

/**
 * Parses `02:00:00:00:00:01`, `02-00-…` or the dotted `0200.0000.0001`, for 6, 8 or 20 bytes.
 * Returns undefined for anything else.
 */
export function parseMac(text: string): Mac | undefined {
  if (text.length > LONGEST) return undefined;
  const dotted = text[4] === ".";
  const separator = dotted ? "." : text[2];
  if (separator !== ":" && separator !== "-" && separator !== ".") return undefined;
  if (separator === "." && !dotted) return undefined;
  const digits = dotted ? 4 : 2;
  const groups = text.split(separator);
  const size = (groups.length * digits) / 2;
  if (size !== 6 && size !== 8 && size !== 20) return undefined;
  if (!groups.every((group) => group.length === digits && isHex(group))) return undefined;
  const hex = groups.join("");
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** Lower-case colon form: `02:00:00:00:00:01`. */
export function formatMac(mac: Mac): string {
  const { length } = mac;
  let text = "";
  for (let i = 0; i < length; i++) {
    const byte = mac[i] as number;
    text += (i > 0 ? ":" : "") + DIGITS[byte >> 4] + DIGITS[byte & 15];
  }
  return text;
}

/** Few, and so in few pages of the snapshot: a string that is used is written (its count of references). */
const DIGITS = [..."0123456789abcdef"];

function isHex(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (!((c >= 48 && c <= 57) || (c >= 97 && c <= 102) || (c >= 65 && c <= 70))) return false;
  }
  return true;
}
