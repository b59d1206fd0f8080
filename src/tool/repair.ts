import { errnoOf, messageOf } from "../base/errno.ts";
import { Explained } from "../base/explained.ts";
import { outcome } from "../base/outcome.ts";
import type { Owner } from "../base/owner.ts";
import { CniError } from "../spec/errors.ts";
import type { Call, Plugin, Restored } from "../spec/plugin.ts";
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

/** A plugin's configuration in an attachment's list. */
interface Asked {
  readonly cached: CachedAttachment;
  readonly config: object;
}

/** Says what became of it, undefined where the plugin makes no rules, or throws why it failed. */
type Answer = () => Restored | undefined;

/**
 * Has the plugins of attachments' networks put back their rules, and what shapes their links, after a flush of the ruleset or
 * a firewall's reload: each plugin for all attachments at once. The dead get nothing. `warn` is told what the plugins say
 * besides.
 */
export function repair(
  plugins: readonly Plugin[],
  all: readonly CachedAttachment[],
  warn: (line: string, cached: CachedAttachment) => void,
): Repaired[] {
  const asked = all.flatMap((cached) => cached.plugins.map((config): Asked => ({ cached, config })));
  const callOf = ({ cached, config }: Asked) => callFor(cached, config, plugins, (line) => warn(line, cached));
  const answers = new Map<object, Answer>();
  for (const plugin of plugins) {
    const own = asked.filter(({ config }) => pluginOf(config, plugins) === plugin);
    if (own.length === 0) continue;
    for (const [{ config }, answer] of answersOf(plugin, own, callOf)) answers.set(config, answer);
  }
  return all.map(({ owner, plugins: configs }) => ({ owner, ...outcomeOf(configs.map((one) => answers.get(one))) }));
}

function answersOf(plugin: Plugin, asked: readonly Asked[], callOf: (one: Asked) => Call): [Asked, Answer][] {
  const calls: Call[] = [];
  const places = asked.map((one) => outcome(() => calls.push(callOf(one)) - 1));
  const restored = outcome(() => plugin.restore?.(calls));
  return asked.map((one, i) => [one, () => restored()?.[places[i]?.() ?? -1]?.()]);
}

function outcomeOf(answers: readonly (Answer | undefined)[]): Pick<Repaired, "outcome" | "details"> {
  try {
    const asked = answers.map((answer) => answer?.()).filter((one) => one !== undefined && one !== "none asked");
    if (asked.length === 0) return { outcome: "none", details: [] };
    if (asked.includes("gone")) return { outcome: "gone", details: [] };
    const missing = asked.flat();
    return { outcome: missing.length === 0 ? "complete" : "restored", details: missing };
  } catch (error) {
    if (!isExpected(error)) throw error;
    return { outcome: "failed", details: [messageOf(error)] };
  }
}

/** What plugins and the kernel say; the rest is a defect. */
function isExpected(error: unknown): boolean {
  return error instanceof CniError || error instanceof Explained || errnoOf(error) !== undefined;
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
