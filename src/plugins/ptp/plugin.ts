import { onMachine, onMachineAdd } from "../../features/machine.ts";
import type { Handlers } from "../../spec/plugin.ts";
import { del } from "../../veth/del.ts";
import { gc } from "../../veth/gc.ts";
import { restore } from "../../veth/restore.ts";
import { add } from "./add.ts";
import { check } from "./check.ts";
import { readConfig, readRemains } from "./config.ts";
import { status } from "./status.ts";

/** Joins a container to the host by a pair of its own: each container is reached by a route to its address. */
export const plugin = {
  ADD: (call) => onMachineAdd((machine) => add(call, machine)),
  DEL: (call) => onMachine((machine) => del(call, machine, readRemains(call.config))),
  CHECK: (call) => onMachine((machine) => check(call, machine)),
  GC: (call) => onMachine((machine) => gc(call, machine, readRemains(call.config).wishes)),
  STATUS: (call) => onMachine((machine) => status(call, machine)),
  restore: (call) => onMachine((machine) => restore(call, machine, readConfig(call))),
} satisfies Handlers;
