import { firewall } from "../../features/firewall/feature.ts";
import type { Machine } from "../../features/machine.ts";
import { CniError, NOT_AVAILABLE } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import { readConfig } from "./config.ts";

/** Fails where every ADD fails until a person acts. @throws CniError 50, or of the configuration */
export function status({ config }: Call, machine: Machine): void {
  const obstacle = firewall.possible(machine, readConfig(config).wish, false);
  if (obstacle) throw new CniError(NOT_AVAILABLE, obstacle.message, obstacle.details, obstacle);
}
