/** All that is tried on each kernel, in the order of docs/kernels.md. */
import type { Feature } from "./feature.ts";
import { hostLocal } from "./host-local.ts";
import { kill } from "./kill.ts";
import { LIFE } from "./life.ts";
import { vlan } from "./vlan.ts";
import { vlanTraffic } from "./vlan-traffic.ts";

export const FEATURES: Feature[] = [...LIFE, vlan, vlanTraffic, kill, hostLocal];
