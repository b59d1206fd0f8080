import { formatIp } from "../../base/ip.ts";
import type { Machine } from "../../features/machine.ts";
import { portMap } from "../../features/port-map/feature.ts";
import type { PortMapping } from "../../features/port-map/wish.ts";
import { undoable } from "../../features/undoable.ts";
import type { AddOutcome, Call } from "../../spec/plugin.ts";
import { readConfig } from "./config.ts";
import { attachedOf, readPrevResult } from "./target.ts";

/** Maps the ports, and passes on the result of the plugin before. A call that fails leaves nothing. @throws CniError */
export function add(call: Call, machine: Machine): AddOutcome {
  const { prevResult, wish } = readConfig(call);
  const result = readPrevResult(prevResult, call, "must be called as chained plugin");
  if (wish.mappings.length === 0) return { result };
  const attached = attachedOf(call, machine, result);
  warnOfUseless(call, wish.mappings, attached.addresses.length > 0);
  if (attached.addresses.length === 0) return { result };
  const obstacle = portMap.possible(machine, wish, true);
  if (obstacle) throw obstacle;
  return undoable(call, (undo) => {
    undo.push(() => portMap.drop(machine, wish, attached.owner, []));
    portMap.add(machine, wish, attached);
    return result;
  });
}

function warnOfUseless(call: Call, mappings: readonly PortMapping[], hasAddress: boolean): void {
  if (!hasAddress) call.warn(`no port is mapped: ${call.env.ifname} has no address in prevResult`);
  const loopback = mappings.find(({ hostIp }) => hostIp && formatIp(hostIp) === "::1");
  if (loopback) call.warn(`port ${loopback.hostPort} is not mapped on ::1: the kernel routes nothing from there`);
}
