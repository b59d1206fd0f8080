/** The bundle "host-local-upkeep": what is asked between a container's start and end. */
import type { Handlers } from "../../spec/plugin.ts";
import { check } from "./check.ts";
import { collection, gc } from "./gc.ts";
import { status } from "./status.ts";

export const handlers = { CHECK: check, GC: gc, STATUS: status, collection } satisfies Handlers;
