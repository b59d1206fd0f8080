/** Earlier results as CHECK may be given them: the container's own, changed. */
import type { Json } from "../support/command.ts";

const CHANGES: Record<string, (result: Json) => void> = {
  "another address": (result) => {
    if (result.ips?.[0]) result.ips[0].address = "10.77.0.222/24";
  },
  "another prefix length": (result) => {
    if (result.ips?.[0]) result.ips[0].address = String(result.ips[0].address).replace(/\/.*/, "/20");
  },
  "no addresses": (result) => {
    delete result.ips;
  },
  "no interfaces": (result) => {
    delete result.interfaces;
  },
  "another container MAC": (result) => {
    if (result.interfaces?.[2]) result.interfaces[2].mac = "02:99:99:99:99:99";
  },
  "another bridge MAC": (result) => {
    if (result.interfaces?.[0]) result.interfaces[0].mac = "02:99:99:99:99:99";
  },
  "another port MAC": (result) => {
    if (result.interfaces?.[1]) result.interfaces[1].mac = "02:99:99:99:99:99";
  },
  "another sandbox": (result) => {
    if (result.interfaces?.[2]) result.interfaces[2].sandbox = "/run/netns/absent";
  },
  "a route that is not there": (result) => {
    result.routes = [...(result.routes ?? []), { dst: "10.250.0.0/16" }];
  },
  "a foreign interface in the host": (result) => {
    result.interfaces?.push({ name: "absent0" });
  },
  "a foreign interface in the container": (result) => {
    result.interfaces?.push({ name: "lo", sandbox: result.interfaces[2]?.sandbox });
  },
  "another version's family": (result) => {
    result.cniVersion = String(result.cniVersion).startsWith("1.") ? "0.4.0" : "1.0.0";
  },
  "an unknown version": (result) => {
    result.cniVersion = "5.0.0";
  },
  "no version": (result) => {
    delete result.cniVersion;
  },
};

/** "own" is not among them. */
export const PREV_RESULTS: readonly string[] = Object.keys(CHANGES);

export function changedResult(result: Json, how: string): Json {
  const copy = structuredClone(result);
  CHANGES[how]?.(copy);
  return copy;
}
