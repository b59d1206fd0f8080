/** The bundle "skel": what every call but VERSION needs. */
import type { Reply } from "../spec/delegate.ts";
import type { Plugin } from "../spec/plugin.ts";
import { delegatesOf } from "./delegates.ts";
import { answer } from "./perform.ts";

export { errorJson } from "./failure.ts";

export function perform(
  plugin: Plugin,
  variables: ReadonlyMap<string, string>,
  stdin: () => string,
  delegates: readonly Plugin[],
): Reply {
  return answer(plugin, variables, stdin, delegatesOf(delegates));
}
