import { errnoOf, isSignal, messageOf } from "../base/errno.ts";
import { Explained } from "../base/explained.ts";
import type { Owner } from "../base/owner.ts";
import { boolean, decode, goObject, mapOf, string } from "../spec/decode.ts";
import { CniError } from "../spec/errors.ts";
import { type Call, type Plugin, pluginNamed } from "../spec/plugin.ts";
import type { CachedAttachment } from "./node/cache.ts";

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

const typeSchema = goObject({ type: string });

function outcomeOf(
  plugins: readonly Plugin[],
  cached: CachedAttachment,
  warn: (line: string) => void,
): Pick<Repaired, "outcome" | "details"> {
  const outcomes = cached.plugins.map((config) => {
    const plugin = pluginNamed(decode(typeSchema, config).type ?? "", plugins);
    return plugin?.restore?.(callFor(cached, config, plugins, warn));
  });
  const asked = outcomes.filter((outcome) => outcome !== undefined && outcome !== "none asked");
  if (asked.length === 0) return { outcome: "none", details: [] };
  if (asked.includes("gone")) return { outcome: "gone", details: [] };
  const missing = asked.flat();
  return { outcome: missing.length === 0 ? "complete" : "restored", details: missing };
}

/** The call with which a plugin of the attachment's list would be asked for a CHECK. */
function callFor(
  { owner, version, result, capabilityArgs, netns = "" }: CachedAttachment,
  config: object,
  delegates: readonly Plugin[],
  warn: (line: string) => void,
): Call {
  const { network: name, containerId, ifname } = owner;
  const runtimeConfig = supplied(config, capabilityArgs);
  const whole = { ...config, name, cniVersion: version, prevResult: result, ...(runtimeConfig && { runtimeConfig }) };
  const env = { command: "CHECK", containerId, ifname, netns, args: "", path: [] };
  return {
    env: { ...env, netnsOverride: false, variables: new Map() },
    stdin: JSON.stringify(whole),
    config: whole,
    name,
    version,
    delegates,
    warn,
  };
}

const capabilitiesSchema = goObject({ capabilities: mapOf(boolean) });

/** What of the arguments the plugin's configuration asks for, as libcni puts it in; undefined when nothing. */
function supplied(config: object, args: CachedAttachment["capabilityArgs"]): object | undefined {
  const { capabilities = {} } = decode(capabilitiesSchema, config);
  const wanted = Object.entries(args).filter(([name]) => capabilities[name]);
  return wanted.length === 0 ? undefined : Object.fromEntries(wanted);
}
