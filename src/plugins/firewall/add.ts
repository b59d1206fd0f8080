import { firewall } from "../../features/firewall/feature.ts";
import type { Machine } from "../../features/machine.ts";
import { undoable } from "../../features/undoable.ts";
import type { AddOutcome, Call } from "../../spec/plugin.ts";
import { readConfig, wishFor } from "./config.ts";
import { attachedOf, readPrevResult } from "./target.ts";

/**
 * Makes the rules of the addresses, and passes on the result of the plugin before. A call that fails leaves nothing but chains,
 * and what leads to them, which others may use already. @throws CniError
 */
export function add(call: Call, machine: Machine): AddOutcome {
  const config = readConfig(call.config);
  const result = readPrevResult(config.prevResult, call);
  const wish = wishFor(config, result);
  const attached = attachedOf(call, machine, result);
  const hasAddresses = attached.addresses.length > 0;
  // What makes rules finds out by itself.
  const obstacle = firewall.possible(machine, wish, hasAddresses);
  if (obstacle) throw obstacle;
  if (!hasAddresses) return { result };
  return undoable(call, (undo) => {
    undo.push(() => firewall.drop(machine, wish, attached.owner, []));
    firewall.add(machine, wish, attached);
    const addresses = attached.addresses.map(({ ip }) => ip);
    undo.push(() => firewall.drop(machine, wish, attached.owner, addresses));
    return result;
  });
}
