import { messageOf } from "../../base/errno.ts";
import { CniError, INVALID_CONFIG } from "../../spec/errors.ts";
import type { Plugin } from "../../spec/plugin.ts";
import type { CachedAttachment } from "../node/cache.ts";
import { pluginOf } from "../plugin-call.ts";
import { callFor } from "../repair.ts";
import type { Complaint } from "./facts.ts";

/** Where a namespace is, and the plugins that the network may delegate to. */
export interface Surroundings {
  readonly netns: string;
  /** CNI_PATH. */
  readonly path: readonly string[];
}

/** What CHECK of each plugin of the list that is one of ours fails with, asked in this process. It changes nothing. */
export function complaintsOf(
  cached: CachedAttachment,
  { netns, path }: Surroundings,
  plugins: readonly Plugin[],
): Complaint[] {
  return cached.plugins.flatMap((config) => {
    const plugin = pluginOf(config, plugins);
    if (!plugin?.CHECK) return [];
    const call = callFor(cached, config, plugins, () => {});
    try {
      plugin.CHECK({ ...call, env: { ...call.env, netns, path, variables: variablesOf(cached, { netns, path }) } });
      return [];
    } catch (error) {
      // It could not be asked: its IPAM plugin is elsewhere. That is a question of the configuration (berth doctor).
      if (error instanceof CniError && error.code === INVALID_CONFIG) return [];
      const details = error instanceof CniError ? (error.details ?? "") : "";
      const isMended = details.includes("berth repair");
      return [{ plugin: plugin.name, message: messageOf(error), details, isMended }];
    }
  });
}

/** The environment of such a call, for an IPAM plugin that is another program. */
function variablesOf({ owner }: CachedAttachment, { netns, path }: Surroundings): Map<string, string> {
  return new Map([
    ["CNI_COMMAND", "CHECK"],
    ["CNI_CONTAINERID", owner.containerId],
    ["CNI_NETNS", netns],
    ["CNI_IFNAME", owner.ifname],
    ["CNI_PATH", path.join(":")],
  ]);
}
