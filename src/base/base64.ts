import { decodeUtf8 } from "./utf8.ts";

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The text in standard base64 (RFC 4648, with padding); undefined when it is none. */
export function decodeBase64(text: string): string | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const padding = text.length - text.replace(/=+$/, "").length;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  for (let i = 0, at = 0; i < text.length; i += 4) {
    let bits = 0;
    for (let k = 0; k < 4; k++) bits = (bits << 6) | Math.max(0, DIGITS.indexOf(text[i + k] ?? "="));
    for (let shift = 16; shift >= 0; shift -= 8, at++) if (at < bytes.length) bytes[at] = bits >> shift;
  }
  return decodeUtf8(bytes);
}
