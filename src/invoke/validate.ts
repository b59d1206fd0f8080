import { CniError, INCOMPATIBLE_VERSION } from "../spec/errors.ts";
import { OLDEST } from "../spec/versions.ts";
import type { Setting } from "./attachment.ts";
import { findPlugin, versionsOf } from "./call.ts";
import { Failures, PluginFailure } from "./failure.ts";
import { compareBytes } from "./go/json.ts";
import { quoteGo } from "./go/quote.ts";
import type { NetworkList } from "./list.ts";
import type { Steps } from "./request.ts";

/**
 * Whether each plugin of the list is there and supports its version, asked of them by VERSION.
 * Gives the capabilities that they declare together, sorted (libcni's order is any).
 * @throws Failures, one for each plugin that does not
 */
export function* validateList(list: NetworkList, setting: Setting): Steps<string[]> {
  const failures: CniError[] = [];
  for (const { type } of list.plugins) {
    try {
      yield* validatePlugin(type, list.cniVersion || OLDEST, setting);
    } catch (error) {
      if (!(error instanceof CniError)) throw error;
      failures.push(new PluginFailure(type, "VERSION", "", error));
    }
  }
  if (failures.length > 0) throw new Failures(failures, `[${failures.map(({ text }) => text).join(" ")}]`);
  const wanted = list.plugins.flatMap(({ capabilities }) =>
    Object.keys(capabilities).filter((one) => capabilities[one]),
  );
  return [...new Set(wanted)].sort(compareBytes);
}

function* validatePlugin(plugin: string, version: string, setting: Setting): Steps<void> {
  const path = yield* findPlugin(plugin, setting.path);
  const supported = yield* versionsOf(plugin, path, setting);
  if (supported.includes(version)) return;
  const words = `plugin ${plugin} does not support config version ${quoteGo(version)}`;
  throw new CniError(INCOMPATIBLE_VERSION, words, "");
}
