import { ENODEV, ENOENT } from "../../base/errno.ts";
import { hostEnd } from "../../features/host-end.ts";
import type { Machine } from "../../features/machine.ts";
import { missingShape } from "../../features/shaping/check.ts";
import { ifbName, shape, unshape } from "../../features/shaping/shape.ts";
import { undoable } from "../../features/undoable.ts";
import { deleteQdisc, listQdiscs } from "../../rtnl/qdisc.ts";
import type { Link } from "../../rtnl/read-link.ts";
import { INGRESS, ROOT } from "../../rtnl/tc.ts";
import type { Call, Restored } from "../../spec/plugin.ts";
import { aliasOf } from "../../veth/names.ts";
import { ownerOf } from "../../veth/plan.ts";
import { readConfig } from "./config.ts";
import { readPrevResult } from "./target.ts";

/**
 * Shapes the link anew where anything of that is missing or otherwise. Known by the host's end alone, so that no namespace is
 * needed; one that is gone gets nothing. What somebody else shapes the link with stays, and is an error. @throws CniError,
 * NetlinkError
 */
export function restore(call: Call, machine: Machine): Restored {
  const { prevResult, wish } = readConfig(call);
  if (!wish.ingress && !wish.egress) return "none asked";
  const result = readPrevResult(prevResult, call);
  const name = hostEnd(machine, result);
  const outer = name === undefined ? undefined : machine.findLink(name);
  if (!outer) return "gone";
  const owner = ownerOf(call);
  const ifb = { name: ifbName(owner), alias: aliasOf(owner) };
  const missing = missingShape(machine, outer, ifb.name, wish);
  if (missing === undefined) return [];
  clear(machine, outer, ifb.name);
  undoable(call, (undo) => {
    shape({ host: machine, undo, outer, ifb }, wish);
    return result;
  });
  return [missing];
}

/** Removes what is left of an earlier ADD: in part there, it would stand in the way. */
function clear(machine: Machine, outer: Link, ifb: string): void {
  unshape(machine, ifb);
  const left = machine.ask(listQdiscs).filter(({ index }) => index === outer.index);
  for (const { parent, kind } of left) {
    const isOurs = (parent === ROOT && kind === "tbf") || (parent === INGRESS && kind === "ingress");
    if (isOurs) machine.change({ ...deleteQdisc({ dev: outer, parent }), tolerate: [ENODEV, ENOENT] });
  }
}
