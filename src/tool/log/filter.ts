import { formatTime } from "../../base/rfc3339.ts";
import type { CallRecord } from "../../spec/call-record.ts";

/** Which records are asked for; undefined: whatever they have there. */
export interface Wanted {
  /** Began then or later: as `sinceTime` gives it. */
  readonly since: string | undefined;
  readonly network: string | undefined;
  /** The beginning of a container's id, or "namespace/name" or the name of a pod. */
  readonly container: string | undefined;
  readonly plugin: string | undefined;
  /** Those that failed, or whose result nobody took. */
  readonly failed: boolean;
}

export function isWanted(record: CallRecord, { since, network, container, plugin, failed }: Wanted): boolean {
  if (since !== undefined && record.time < since) return false;
  if (network !== undefined && record.network !== network) return false;
  if (plugin !== undefined && record.plugin !== plugin) return false;
  if (failed && record.outcome === "ok") return false;
  return container === undefined || isOf(record, container);
}

function isOf({ container = "", pod = "" }: CallRecord, name: string): boolean {
  return container.startsWith(name) || pod === name || pod.endsWith(`/${name}`);
}

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * The time that "10m", "2h" or "1d" before `now` was (milliseconds since the epoch), or that a text in the form of the log
 * says: "2026-11-29", "2026-11-29T20:58". Undefined for what is neither.
 */
export function sinceTime(text: string, now: number): string | undefined {
  const [, count = "", unit = ""] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (count) return formatTime(Math.max(0, now - Number(count) * (UNITS[unit] ?? 0)));
  // The forms sort as texts: the shorter is the earlier.
  return /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?)?Z?$/.test(text) ? text.replace("Z", "") : undefined;
}
