import type { Machine } from "../../features/machine.ts";
import { portMap } from "../../features/port-map/feature.ts";
import { CniError, NOT_AVAILABLE } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import { readConfig } from "./config.ts";

/** Fails where every ADD that maps a port fails until a person acts. @throws CniError 50, or of the configuration */
export function status(call: Call, machine: Machine): void {
  const { wish } = readConfig(call);
  const obstacle = portMap.possible(machine, wish, false);
  if (obstacle) throw new CniError(NOT_AVAILABLE, obstacle.message, obstacle.details, obstacle);
}
