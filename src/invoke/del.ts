import { CniError } from "../spec/errors.ts";
import { atLeast } from "../spec/versions.ts";
import { described } from "./add.ts";
import type { Attachment, Setting } from "./attachment.ts";
import { cachedResult, removeCache } from "./cache.ts";
import { callWithResult } from "./check.ts";
import { PluginFailure } from "./failure.ts";
import type { NetworkList } from "./list.ts";
import type { Steps } from "./request.ts";
import type { NetworkResult } from "./result.ts";

/**
 * Calls the list's plugins with DEL, the last first, each with the cached result of the ADD if there is one (and the version
 * is 0.4.0 or newer); then removes it from the cache. A cached result that is damaged is removed at once.
 * @throws PluginFailure of the first that fails; those before it in the list are not called, and the cache keeps the result
 * @throws CniError 6 for a cniVersion that is none
 */
export function* delList(list: NetworkList, attachment: Attachment, setting: Setting): Steps<void> {
  const previous = atLeast(list.cniVersion, "0.4.0") ? yield* soundResult(list, attachment, setting) : undefined;
  for (const plugin of list.plugins.toReversed()) {
    try {
      yield* callWithResult("DEL", list, plugin, attachment, setting, previous);
    } catch (error) {
      if (!(error instanceof CniError)) throw error;
      throw new PluginFailure(plugin.type, "DEL", `plugin ${described(plugin)} failed (delete): `, error);
    }
  }
  yield* removeCache(list.name, attachment, setting);
}

function* soundResult(list: NetworkList, attachment: Attachment, setting: Setting): Steps<NetworkResult | undefined> {
  try {
    return yield* cachedResult(list, attachment, setting);
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    yield* removeCache(list.name, attachment, setting);
    return undefined;
  }
}
