/** The bundle "bridge-upkeep": what is asked between a container's start and end, and of networks with VLANs. */
import { machine } from "../../host/host.ts";
import type { Handlers } from "../../spec/plugin.ts";
import { check } from "./check.ts";
import { gc } from "./gc.ts";
import { status } from "./status.ts";

export * from "./vlan.ts";
export * from "./vlan-gateway.ts";

export const handlers = {
  CHECK: (call) => check(call, machine()),
  GC: (call) => gc(call, machine()),
  STATUS: (call) => status(call, machine()),
} satisfies Handlers;
