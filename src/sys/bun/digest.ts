/** Digests (sys/api.d.ts). */
import { createHash } from "node:crypto";

export function sha512(text: string): string {
  return createHash("sha512").update(text).digest("hex");
}
