/** The bundle "host-local": what every container's start and end needs. */
import type { Handlers } from "../../spec/plugin.ts";
import { add } from "./add.ts";
import { del } from "./del.ts";
import { ownedLeases } from "./owned.ts";

export const handlers = { ADD: add, DEL: del, leases: ownedLeases } satisfies Handlers;
