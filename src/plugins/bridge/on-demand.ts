import { load } from "#sys";
import type * as Vlan from "./vlan.ts";
import type * as Gateway from "./vlan-gateway.ts";

/** The steps that only networks with VLANs ask for, loaded when one does (bundle-upkeep.ts). */
export function vlanSteps(): typeof Vlan & typeof Gateway {
  return load("bridge-upkeep") as typeof Vlan & typeof Gateway;
}
