import { onMachine, onMachineAdd, onMachineEach } from "../../features/machine.ts";
import { ifbName, unshape } from "../../features/shaping/shape.ts";
import type { Handlers } from "../../spec/plugin.ts";
import { ownerOf } from "../../veth/plan.ts";
import { add } from "./add.ts";
import { check } from "./check.ts";
import { readConfig } from "./config.ts";
import { gc } from "./gc.ts";
import { restore } from "./restore.ts";

/** Limits what a container receives and sends, at the host's end of its link. */
export const plugin = {
  ADD: (call) => onMachineAdd((machine) => add(call, machine)),
  // The configuration may have changed, namespace and result may be gone: the device's name needs none of them.
  DEL: (call) => onMachine((machine) => unshape(machine, ifbName(ownerOf(call)))),
  CHECK: (call) => onMachine((machine) => check(call, machine)),
  GC: (call) => onMachine((machine) => gc(call, machine)),
  STATUS: (call) => void readConfig(call),
  restore: (calls) => onMachineEach(calls, restore),
} satisfies Handlers;
