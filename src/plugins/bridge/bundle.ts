/** The bundle "bridge": what every container's start and end needs. */
import { machine } from "../../host/host.ts";
import type { Handlers } from "../../spec/plugin.ts";
import { add } from "./add.ts";
import { del } from "./del.ts";

export const handlers = {
  ADD: (call) => add(call, machine()),
  DEL: (call) => del(call, machine()),
} satisfies Handlers;
