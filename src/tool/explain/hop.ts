import type { Finding } from "../finding.ts";

/** One station of a packet's way, and whether it gets past it. */
export interface Hop {
  /** What it is: "the container's interface". */
  readonly name: string;
  /** warning: it works now, and not for all or not for long. unknown: it could not be looked at. */
  readonly state: "ok" | "warning" | "broken" | "unknown";
  /** What was seen, a line each. */
  readonly evidence: readonly string[];
  /** Of what is broken, or not well. */
  readonly finding?: Finding;
}

export const ok = (name: string, ...evidence: string[]): Hop => ({ name, state: "ok", evidence });

export const unknown = (name: string, ...evidence: string[]): Hop => ({ name, state: "unknown", evidence });

type Wrong = Omit<Finding, "severity">;

export function broken(name: string, finding: Wrong): Hop {
  return { name, state: "broken", evidence: [finding.evidence], finding: { severity: "error", ...finding } };
}

export function doubtful(name: string, finding: Wrong): Hop {
  return { name, state: "warning", evidence: [finding.evidence], finding: { severity: "warning", ...finding } };
}

/** The one that a person should look at: the first that is broken, else the first that is not well. */
export function firstBad(hops: readonly Hop[]): Hop | undefined {
  return hops.find(({ state }) => state === "broken") ?? hops.find(({ state }) => state === "warning");
}
