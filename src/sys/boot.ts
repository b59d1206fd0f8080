import { readFile } from "#sys";
import { attempt } from "../base/attempt.ts";

let known = "";

/** Which boot this is: the first 12 digits of the kernel's random boot id; "" when the kernel does not say. */
export function bootId(): string {
  if (known === "")
    known = attempt(() => readFile("/proc/sys/kernel/random/boot_id").replaceAll("-", "").slice(0, 12)) ?? "";
  return known;
}
