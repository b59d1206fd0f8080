import { wishedFeatures } from "../features/all.ts";
import { macOf } from "../features/attached.ts";
import type { Machine } from "../features/machine.ts";
import type { Call, Restored } from "../spec/plugin.ts";
import type { Result } from "../spec/result.ts";
import { parseResult } from "../spec/result-parse.ts";
import { hostVethName } from "./names.ts";
import { ownerOf, prefixesOf, type VethConfig } from "./plan.ts";

/**
 * Puts back the rules that the configuration asks for where a flush of the ruleset or a reload of a firewall took them. What
 * is there in whatever form stays as it is; an attachment whose link is gone gets nothing.
 * @throws CniError, Explained, NetlinkError
 */
export function restore(call: Call, machine: Machine, { common, wishes }: VethConfig): Restored {
  const wished = wishedFeatures(wishes);
  if (wished.length === 0) return "none asked";
  const result = parseResult(common.prevResult, call.version, "prevResult");
  const owner = ownerOf(call);
  const names = new Set([...hostEnds(result), hostVethName(owner)]);
  const link = [...names].map((name) => machine.findLink(name)).find((one) => one?.kind === "veth");
  if (!link) return "gone";
  const port = { name: link.name, index: link.index, mac: macOf(result, owner.ifname) };
  const attached = { owner, port, addresses: prefixesOf(result) };
  return wished.flatMap(({ feature, wish }) => feature.restore(machine, wish, attached) ?? []);
}

/** The names of the interfaces of the host that a result has; none before version 0.3.0. */
function hostEnds({ interfaces }: Result): string[] {
  return interfaces.filter(({ sandbox }) => !sandbox).map(({ name }) => name);
}
