/** The bundle "bridge-upkeep": what is asked between a container's start and end, and what only some networks ask. */
import { machine } from "../../host/host.ts";
import type { Handlers } from "../../spec/plugin.ts";
import { check } from "./check.ts";
import { gc } from "./gc.ts";
import { status } from "./status.ts";

export * from "./restrict.ts";
export { readPortVlans } from "./vlan.ts";

export const handlers = {
  CHECK: (call) => check(call, machine()),
  GC: (call) => gc(call, machine()),
  STATUS: (call) => status(call, machine()),
} satisfies Handlers;
