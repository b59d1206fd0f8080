import { firewall } from "../../features/firewall/feature.ts";
import type { Machine } from "../../features/machine.ts";
import { CniError, INTERNAL } from "../../spec/errors.ts";
import type { Call } from "../../spec/plugin.ts";
import { readConfig, wishFor } from "./config.ts";
import { attachedOf, readPrevResult } from "./target.ts";

/** Compares the rules that are configured with those that there are, and changes none. @throws CniError naming the first difference */
export function check(call: Call, machine: Machine): void {
  const config = readConfig(call.config);
  const result = readPrevResult(config.prevResult, call);
  const missing = firewall.check(machine, wishFor(config, result), attachedOf(call, machine, result));
  if (missing === undefined) return;
  throw new CniError(
    INTERNAL,
    `${firewall.what} is broken: ${missing}`,
    `berth repair ${call.name} puts back what something removed (iptables -F, a firewall reload)`,
  );
}
