import { decodeUtf8 } from "./utf8.ts";

/** Standard base64 (RFC 4648, with padding). */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The text of bytes. */
export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const bits = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const digits = [18, 12, 6, 0].map((shift) => DIGITS[(bits >> shift) & 63]).join("");
    text += digits.slice(0, Math.min(3, bytes.length - i) + 1).padEnd(4, "=");
  }
  return text;
}

/** The UTF-8 text that is written so; undefined when it is none. */
export function decodeBase64(text: string): string | undefined {
  const bytes = decodeBase64Bytes(text);
  return bytes && decodeUtf8(bytes);
}

/** The bytes that are written so; undefined when it is none. */
export function decodeBase64Bytes(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const padding = text.length - text.replace(/=+$/, "").length;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  for (let i = 0, at = 0; i < text.length; i += 4) {
    let bits = 0;
    for (let k = 0; k < 4; k++) bits = (bits << 6) | Math.max(0, DIGITS.indexOf(text[i + k] ?? "="));
    for (let shift = 16; shift >= 0; shift -= 8, at++) if (at < bytes.length) bytes[at] = bits >> shift;
  }
  return bytes;
}
