import { errnoOf, isSignal, messageOf } from "../base/errno.ts";
import { Explained } from "../base/explained.ts";
import type { Owner } from "../base/owner.ts";
import { CniError } from "../spec/errors.ts";
import type { Call, Plugin } from "../spec/plugin.ts";
import type { CachedAttachment } from "./node/cache.ts";
import { callOf, pluginOf, suppliedTo } from "./plugin-call.ts";

/** What became of the rules of an attachment. */
export interface Repaired {
  readonly owner: Owner;
  /** restored: something was missing, and is back. none: its network asks for no rules. gone: its interface is, and nothing is put back. */
  readonly outcome: "complete" | "restored" | "none" | "gone" | "failed";
  /** What was missing, or why it failed. */
  readonly details: readonly string[];
}

/**
 * Has the plugins of an attachment's network put back its rules, and what shapes its link, after a flush of the ruleset or
 * a firewall's reload. The dead get nothing. `warn` is told what its plugins say besides.
 */
export function repair(plugins: readonly Plugin[], cached: CachedAttachment, warn: (line: string) => void): Repaired {
  const { owner } = cached;
  try {
    return { owner, ...outcomeOf(plugins, cached, warn) };
  } catch (error) {
    if (isSignal(error) || !isExpected(error)) throw error;
    return { owner, outcome: "failed", details: [messageOf(error)] };
  }
}

/** What plugins and the kernel say; the rest is a defect. */
function isExpected(error: unknown): boolean {
  return error instanceof CniError || error instanceof Explained || errnoOf(error) !== undefined;
}

function outcomeOf(
  plugins: readonly Plugin[],
  cached: CachedAttachment,
  warn: (line: string) => void,
): Pick<Repaired, "outcome" | "details"> {
  const outcomes = cached.plugins.map((config) => {
    return pluginOf(config, plugins)?.restore?.(callFor(cached, config, plugins, warn));
  });
  const asked = outcomes.filter((outcome) => outcome !== undefined && outcome !== "none asked");
  if (asked.length === 0) return { outcome: "none", details: [] };
  if (asked.includes("gone")) return { outcome: "gone", details: [] };
  const missing = asked.flat();
  return { outcome: missing.length === 0 ? "complete" : "restored", details: missing };
}

/** The call with which a plugin of the attachment's list would be asked for a CHECK. */
export function callFor(
  { owner, version, result, capabilityArgs, netns }: CachedAttachment,
  config: object,
  plugins: readonly Plugin[],
  warn: (line: string) => void,
): Call {
  const runtimeConfig = suppliedTo(config, capabilityArgs);
  const added = { prevResult: result, ...(runtimeConfig && { runtimeConfig }) };
  return callOf({ command: "CHECK", owner, version, config, added, netns }, plugins, warn);
}
