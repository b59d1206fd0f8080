import { load } from "#sys";
import type * as Vlan from "./bundle-vlan.ts";

/** The steps that only some networks ask for, loaded when one does. */
export function vlanSteps(): typeof Vlan {
  return load("bridge-vlan") as typeof Vlan;
}
