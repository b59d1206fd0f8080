import { deferSignals } from "#sys";
import { messageOf } from "../../base/errno.ts";
import { Undo } from "../../base/undo.ts";
import { firewall } from "../../features/firewall/feature.ts";
import type { Machine } from "../../features/machine.ts";
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
  const undo = new Undo();
  const rollback = () => {
    for (const failure of deferSignals(() => undo.rollback())) call.warn(`could not take back: ${messageOf(failure)}`);
  };
  try {
    undo.push(() => firewall.drop(machine, wish, attached.owner, []));
    firewall.add(machine, wish, attached);
    const addresses = attached.addresses.map(({ ip }) => ip);
    undo.push(() => firewall.drop(machine, wish, attached.owner, addresses));
    return { result, rollback, release: () => void undo.commit() };
  } catch (error) {
    rollback();
    throw error;
  }
}
