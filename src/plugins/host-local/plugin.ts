import type { Handlers } from "../../spec/plugin.ts";
import { add } from "./add.ts";
import { check } from "./check.ts";
import { del } from "./del.ts";
import { collection, gc } from "./gc.ts";
import { ownedLeases } from "./owned.ts";
import { status } from "./status.ts";

export const plugin = {
  ADD: add,
  DEL: del,
  CHECK: check,
  GC: gc,
  STATUS: status,
  leases: ownedLeases,
  collection,
} satisfies Handlers;
