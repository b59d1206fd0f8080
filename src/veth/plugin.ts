import { type Machine, onMachine, onMachineAdd, onMachineEach } from "../features/machine.ts";
import type { AddOutcome, Call, Handlers } from "../spec/plugin.ts";
import type { Remains } from "./config.ts";
import { del } from "./del.ts";
import { gc } from "./gc.ts";
import type { VethConfig } from "./plan.ts";
import { restore } from "./restore.ts";

/** What is a plugin's own. */
export interface Own {
  add(call: Call, machine: Machine): AddOutcome;
  check(call: Call, machine: Machine): void;
  status(call: Call, machine: Machine): void;
  readConfig(call: Call): VethConfig;
  readRemains(config: unknown): Remains;
}

/** The commands of a plugin that joins containers by veth pairs. */
export function vethHandlers({ add, check, status, readConfig, readRemains }: Own) {
  return {
    ADD: (call) => onMachineAdd((machine) => add(call, machine)),
    DEL: (call) => onMachine((machine) => del(call, machine, readRemains(call.config))),
    CHECK: (call) => onMachine((machine) => check(call, machine)),
    GC: (call) => onMachine((machine) => gc(call, machine, readRemains(call.config).wishes)),
    STATUS: (call) => onMachine((machine) => status(call, machine)),
    restore: (calls) => onMachineEach(calls, (call, machine) => restore(call, machine, readConfig(call))),
  } satisfies Handlers;
}
