import { encodeUtf8 } from "./utf8.ts";

/** FNV-1a, 32 bits, over the UTF-8 bytes of `text`: for names and table slots, never for trust. */
export function fnv1a(text: string, seed = 0x811c9dc5): number {
  let hash = seed;
  const bytes = encodeUtf8(text);
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  return hash >>> 0;
}
