import { VERSIONS, type Version } from "./spec/versions.ts";

/** A plugin of this executable. */
export interface Entry {
  /** What it is called as, and the name of its folder in plugins/. */
  readonly name: string;
  /** main: makes an interface. ipam: gives addresses, and needs no netlink. chained: changes what others have made. */
  readonly kind: "main" | "ipam" | "chained";
  /** The spec versions it speaks, oldest first. */
  readonly versions: readonly Version[];
  /** hot: programs.ts imports it, and the build starts it. cold: it is loaded when it is called. */
  readonly start: "hot" | "cold";
}

const since = (first: Version): readonly Version[] => VERSIONS.slice(VERSIONS.indexOf(first));

/** The plugins: a line each. The build, the checks and the tests read it too. */
export const REGISTRY = [
  { name: "bandwidth", kind: "chained", versions: since("0.3.0"), start: "cold" },
  { name: "bridge", kind: "main", versions: VERSIONS, start: "hot" },
  { name: "firewall", kind: "chained", versions: since("0.4.0"), start: "cold" },
  { name: "host-local", kind: "ipam", versions: VERSIONS, start: "hot" },
  { name: "loopback", kind: "main", versions: VERSIONS, start: "hot" },
  { name: "portmap", kind: "chained", versions: VERSIONS, start: "cold" },
  { name: "ptp", kind: "main", versions: VERSIONS, start: "cold" },
  { name: "static", kind: "ipam", versions: VERSIONS, start: "cold" },
  { name: "tuning", kind: "chained", versions: VERSIONS, start: "hot" },
] as const satisfies readonly Entry[];
