import { firewall } from "../../features/firewall/feature.ts";
import { isGone } from "../../features/host-end.ts";
import type { Machine } from "../../features/machine.ts";
import type { Call, Restored } from "../../spec/plugin.ts";
import { readConfig, wishFor } from "./config.ts";
import { attachedOf, readPrevResult } from "./target.ts";

/** Puts back the rules that others have removed. An attachment whose link is gone gets nothing. @throws CniError */
export function restore(call: Call, machine: Machine): Restored {
  const config = readConfig(call.config);
  const result = readPrevResult(config.prevResult, call);
  const attached = attachedOf(call, machine, result);
  if (isGone(attached, result)) return "gone";
  const missing = firewall.restore(machine, wishFor(config, result), attached);
  return missing === undefined ? [] : [missing];
}
