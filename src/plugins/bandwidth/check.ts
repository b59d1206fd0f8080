import type { Machine } from "../../features/machine.ts";
import { missingShape } from "../../features/shaping/check.ts";
import { ifbName } from "../../features/shaping/shape.ts";
import type { Call } from "../../spec/plugin.ts";
import { differs } from "../../veth/check.ts";
import { ownerOf } from "../../veth/plan.ts";
import { readConfig } from "./config.ts";
import { hostEnd, readPrevResult } from "./target.ts";

/** Compares what is configured with the kernel's qdiscs. @throws CniError naming the first difference */
export function check(call: Call, machine: Machine): void {
  const { prevResult, wish } = readConfig(call);
  const result = readPrevResult(prevResult, call);
  const outer = hostEnd(call, machine, result);
  const missing = missingShape(machine, outer, ifbName(ownerOf(call)), wish);
  if (missing !== undefined) throw differs(`shaping is broken: ${missing}`);
}
