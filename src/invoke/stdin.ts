/** What plugins are sent on stdin: their part of the list with what libcni puts in, encoded as Go does. */
import type { Attachment } from "./attachment.ts";
import { encodeJson, throughJson } from "./go/json.ts";
import type { NetworkList } from "./list.ts";
import type { PluginConfig } from "./plugin-config.ts";
import type { NetworkResult } from "./result.ts";
import { inOrder } from "./result-read.ts";

/** Name and version are the list's, whatever the plugin's part says. */
export function headOf({ name, cniVersion }: NetworkList): object {
  return { name, cniVersion };
}

/** The request of an ADD, CHECK or DEL; without `previous` there is no prevResult. */
export function requestFor(
  list: NetworkList,
  plugin: PluginConfig,
  attachment: Attachment,
  previous: NetworkResult | undefined,
): string {
  const whole = { ...plugin.config, ...headOf(list) };
  const supplied = suppliedTo(plugin, attachment);
  // libcni decodes and encodes again where it puts something in, and the second time sorts prevResult, too.
  if (supplied === undefined) return encodeJson({ ...whole, ...(previous && { prevResult: inOrder(previous) }) });
  return encodeJson({ ...whole, ...(previous && { prevResult: previous }), runtimeConfig: supplied });
}

/** The capability arguments that the plugin declares; undefined for none, and then a `runtimeConfig` that was written stays. */
function suppliedTo({ capabilities }: PluginConfig, attachment: Attachment): object | undefined {
  const args = throughJson(attachment.capabilityArgs ?? {}) as object;
  const wanted = Object.entries(args).filter(([name]) => Object.hasOwn(capabilities, name) && capabilities[name]);
  return wanted.length === 0 ? undefined : Object.fromEntries(wanted);
}
