import { messageOf } from "../base/errno.ts";
import { boolean, decode, goObject, mapOf, string } from "../spec/decode.ts";
import { type Call, type Plugin, pluginNamed } from "../spec/plugin.ts";
import { type CachedAttachment, readAttachments } from "./node/cache.ts";

/** What a repair did. */
export interface Repair {
  /** One line for each attachment, in the order of the cache. */
  readonly lines: readonly string[];
  /** Attachments whose rules could not be put back. */
  readonly failed: number;
}

/**
 * Has the plugins of the network put back the rules of its attachments after a flush of the ruleset or a firewall reload:
 * of those of which libcni's `cache` has a result. The dead get nothing.
 */
export function repair(plugins: readonly Plugin[], cache: string, network: string): Repair {
  const lines: string[] = [];
  let failed = 0;
  for (const attachment of readAttachments(cache, network, (line) => lines.push(line))) {
    const { containerId, ifname } = attachment.owner;
    const say = (line: string) => void lines.push(`${containerId} ${ifname}: ${line}`);
    try {
      say(mend(plugins, attachment, say));
    } catch (error) {
      failed++;
      say(`failed: ${messageOf(error)}`);
    }
  }
  return { lines, failed };
}

const typeSchema = goObject({ type: string });

function mend(plugins: readonly Plugin[], attachment: CachedAttachment, warn: (line: string) => void): string {
  const outcomes = attachment.plugins.map((config) => {
    const plugin = pluginNamed(decode(typeSchema, config).type ?? "", plugins);
    return plugin?.restore?.(callFor(attachment, config, plugins, warn));
  });
  const asked = outcomes.filter((outcome) => outcome !== undefined && outcome !== "none asked");
  if (asked.length === 0) return "its network asks for no rules";
  if (asked.includes("gone")) return "its interface is gone: nothing is put back";
  const missing = asked.flat();
  return missing.length === 0 ? "complete" : `put back (${missing.join("; ")})`;
}

/** The call with which a plugin of the attachment's list would be asked for a CHECK. */
function callFor(
  { owner, version, result, capabilityArgs }: CachedAttachment,
  config: object,
  delegates: readonly Plugin[],
  warn: (line: string) => void,
): Call {
  const { network: name, containerId, ifname } = owner;
  const runtimeConfig = supplied(config, capabilityArgs);
  const whole = { ...config, name, cniVersion: version, prevResult: result, ...(runtimeConfig && { runtimeConfig }) };
  const env = { command: "CHECK", containerId, ifname, netns: "", args: "", path: [] };
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
