import { onMachine, onMachineAdd } from "../../features/machine.ts";
import type { Handlers } from "../../spec/plugin.ts";
import { add } from "./add.ts";
import { check } from "./check.ts";
import { del } from "./del.ts";
import { gc } from "./gc.ts";
import { restore } from "./restore.ts";
import { status } from "./status.ts";

export const plugin = {
  ADD: (call) => onMachineAdd((machine) => add(call, machine)),
  DEL: (call) => onMachine((machine) => del(call, machine)),
  CHECK: (call) => onMachine((machine) => check(call, machine)),
  GC: (call) => onMachine((machine) => gc(call, machine)),
  STATUS: (call) => onMachine((machine) => status(call, machine)),
  restore: (calls) => onMachine((machine) => restore(calls, machine)),
} satisfies Handlers;
