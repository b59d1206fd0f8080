/** Of each plugin: its zod schema, the goObjects that it reads its configuration with, and the whole of that reading. */
import type { Reader } from "./reader.ts";
import { FIREWALLER, PORTMAP, SHAPER, TUNER } from "./readers-chained.ts";
import { FIXED, HOST_LOCAL } from "./readers-ipam.ts";
import { BRIDGE, LOOPBACK, PTP } from "./readers-main.ts";

export const READERS: Record<string, Reader> = {
  bandwidth: SHAPER,
  bridge: BRIDGE,
  firewall: FIREWALLER,
  "host-local": HOST_LOCAL,
  loopback: LOOPBACK,
  portmap: PORTMAP,
  ptp: PTP,
  static: FIXED,
  tuning: TUNER,
};
