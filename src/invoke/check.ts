import { CniError, INCOMPATIBLE_VERSION } from "../spec/errors.ts";
import { atLeast } from "../spec/versions.ts";
import type { Attachment, Setting } from "./attachment.ts";
import { cachedResult } from "./cache.ts";
import { execPlugin, findPlugin, variablesOf } from "./call.ts";
import { PluginFailure, within } from "./failure.ts";
import { quoteGo } from "./go/quote.ts";
import type { NetworkList } from "./list.ts";
import type { PluginConfig } from "./plugin-config.ts";
import type { Steps } from "./request.ts";
import type { NetworkResult } from "./result.ts";
import { requestFor } from "./stdin.ts";

/**
 * Calls the list's plugins with CHECK, in order, each with the cached result of the ADD. Of a list with disableCheck it calls
 * none.
 * @throws PluginFailure of the first that finds something wrong, as the plugin worded it
 * @throws CniError 1 for a version before 0.4.0, which has no CHECK; 1 or 6 for a cached result that is damaged
 */
export function* checkList(list: NetworkList, attachment: Attachment, setting: Setting): Steps<void> {
  if (!atLeast(list.cniVersion, "0.4.0")) {
    const words = `configuration version ${quoteGo(list.cniVersion)} does not support the CHECK command`;
    throw new CniError(INCOMPATIBLE_VERSION, words);
  }
  if (list.disableCheck) return;
  const previous = yield* cached(list, attachment, setting);
  for (const plugin of list.plugins) {
    try {
      yield* callWithResult("CHECK", list, plugin, attachment, setting, previous);
    } catch (error) {
      throw error instanceof CniError ? new PluginFailure(plugin.type, "CHECK", "", error) : error;
    }
  }
}

function* cached(list: NetworkList, attachment: Attachment, setting: Setting): Steps<NetworkResult | undefined> {
  try {
    return yield* cachedResult(list, attachment, setting);
  } catch (error) {
    throw within(`failed to get network ${quoteGo(list.name)} cached result: `, error);
  }
}

/** A call of one plugin with the result of the whole ADD. @throws CniError */
export function* callWithResult(
  verb: "CHECK" | "DEL",
  list: NetworkList,
  plugin: PluginConfig,
  attachment: Attachment,
  setting: Setting,
  previous: NetworkResult | undefined,
): Steps<void> {
  const path = yield* findPlugin(plugin.type, setting.path);
  const stdin = requestFor(list, plugin, attachment, previous);
  const variables = variablesOf(verb, attachment, setting);
  yield* execPlugin({ path, plugin: plugin.type, verb, variables, stdin });
}
