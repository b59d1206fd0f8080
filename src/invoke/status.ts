import { CniError } from "../spec/errors.ts";
import type { Setting } from "./attachment.ts";
import { execPlugin, findPlugin, NO_ATTACHMENT, variablesOf } from "./call.ts";
import { PluginFailure } from "./failure.ts";
import { encodeJson } from "./go/json.ts";
import { knows, type NetworkList } from "./list.ts";
import type { PluginConfig } from "./plugin-config.ts";
import type { Steps } from "./request.ts";
import { headOf } from "./stdin.ts";

/**
 * Calls the list's plugins with STATUS, in order. Of a version before 1.1.0, which has no STATUS, none is called.
 * @throws PluginFailure of the first that is not ready, as the plugin worded it: 50, or 51 where what is there may suffer
 */
export function* statusOfList(list: NetworkList, setting: Setting): Steps<void> {
  if (!knows(list, "1.1.0")) return;
  for (const plugin of list.plugins) {
    try {
      yield* callAboutNetwork("STATUS", list, plugin, setting);
    } catch (error) {
      throw error instanceof CniError ? new PluginFailure(plugin.type, "STATUS", "", error) : error;
    }
  }
}

/** A call that is about the network and not about an attachment; `told` goes into its request. @throws CniError */
export function* callAboutNetwork(
  verb: "GC" | "STATUS",
  list: NetworkList,
  plugin: PluginConfig,
  setting: Setting,
  told: object = {},
): Steps<void> {
  const path = yield* findPlugin(plugin.type, setting.path);
  const stdin = encodeJson({ ...plugin.config, ...headOf(list), ...told });
  const variables = variablesOf(verb, NO_ATTACHMENT, setting);
  yield* execPlugin({ path, plugin: plugin.type, verb, variables, stdin });
}
