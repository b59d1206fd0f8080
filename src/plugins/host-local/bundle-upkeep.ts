/** The bundle "host-local-upkeep": what is asked between a container's start and end. */
import type { Handlers } from "../../spec/plugin.ts";
import { check } from "./check.ts";
import { gc } from "./gc.ts";
import { leaseOwners } from "./owned.ts";
import { status } from "./status.ts";

export const handlers = { CHECK: check, GC: gc, STATUS: status, owners: leaseOwners } satisfies Handlers;
