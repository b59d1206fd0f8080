import { onMachine, onMachineAdd } from "../../features/machine.ts";
import type { Call, Handlers } from "../../spec/plugin.ts";
import { add } from "./add.ts";
import { assertAllowed } from "./allowlist.ts";
import { check } from "./check.ts";
import { readTuning } from "./config.ts";
import { del } from "./del.ts";
import { gc } from "./gc.ts";

/** Changes an interface that a plugin before it has made, and sysctls of the container's network namespace. */
export const plugin = {
  ADD: (call) => onMachineAdd((machine) => add(call, machine)),
  DEL: (call) => onMachine((machine) => del(call, machine)),
  CHECK: (call) => onMachine((machine) => check(call, machine)),
  GC: gc,
  STATUS: status,
} satisfies Handlers;

/** Refuses what every ADD refuses. @throws CniError */
function status(call: Call): void {
  assertAllowed(readTuning(call).settings);
}
