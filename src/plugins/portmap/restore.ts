import { isGone } from "../../features/host-end.ts";
import type { Machine } from "../../features/machine.ts";
import { portMap } from "../../features/port-map/feature.ts";
import type { Call, Restored } from "../../spec/plugin.ts";
import { readConfig } from "./config.ts";
import { attachedOf, readPrevResult } from "./target.ts";

/** Puts back the mappings that a flush of the ruleset took. An attachment whose link is gone gets nothing. @throws CniError */
export function restore(call: Call, machine: Machine): Restored {
  const { prevResult, wish } = readConfig(call);
  if (wish.mappings.length === 0) return "none asked";
  const result = readPrevResult(prevResult, call, "Required prevResult missing");
  const attached = attachedOf(call, machine, result);
  if (isGone(attached, result)) return "gone";
  const missing = portMap.restore(machine, wish, attached);
  return missing === undefined ? [] : [missing];
}
