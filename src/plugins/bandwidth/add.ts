import { formatMac } from "../../base/mac.ts";
import type { Machine } from "../../features/machine.ts";
import { ifbName, shape } from "../../features/shaping/shape.ts";
import { undoable } from "../../features/undoable.ts";
import type { AddOutcome, Call } from "../../spec/plugin.ts";
import { aliasOf } from "../../veth/names.ts";
import { ownerOf } from "../../veth/plan.ts";
import { readConfig } from "./config.ts";
import { hostEnd, readPrevResult } from "./target.ts";

/** Shapes the link, and passes on the result of the plugin before. A call that fails leaves nothing. @throws CniError */
export function add(call: Call, machine: Machine): AddOutcome {
  const { prevResult, wish } = readConfig(call);
  const result = readPrevResult(prevResult, call);
  if (!wish.ingress && !wish.egress) return { result };
  const outer = hostEnd(call, machine, result);
  const owner = ownerOf(call);
  const ifb = { name: ifbName(owner), alias: aliasOf(owner) };
  return undoable(call, (undo) => {
    const link = shape({ host: machine, undo, outer, ifb }, wish);
    if (!link) return result;
    return { ...result, interfaces: [...result.interfaces, { name: link.name, mac: formatMac(link.mac) }] };
  });
}
