import type { Machine } from "../../features/machine.ts";
import { portMap } from "../../features/port-map/feature.ts";
import { CniError, INTERNAL } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import { readConfig } from "./config.ts";
import { attachedOf, readPrevResult } from "./target.ts";

/** Compares the mappings that are configured with the kernel's. @throws CniError naming the first difference */
export function check(call: Call, machine: Machine): void {
  const { prevResult, wish } = readConfig(call);
  const result = readPrevResult(prevResult, call, "Required prevResult missing");
  if (wish.mappings.length === 0) return;
  const missing = portMap.check(machine, wish, attachedOf(call, machine, result));
  if (missing === undefined) return;
  throw new CniError(
    INTERNAL,
    `${portMap.what} is broken: ${missing}`,
    `berth repair ${call.name} puts back what something removed (nft flush ruleset, a firewall reload)`,
  );
}
