import type { Lab } from "./lab.ts";

/** That the first ping from the namespace `ns` to an address is answered, within `ms` milliseconds. */
export function answers(lab: Lab, ns: string, address: string, ms = 1000): boolean {
  return lab.attempt(ns, "ping", "-c1", `-W${ms / 1000}`, address.replace(/\/.*/, "")).status === 0;
}
