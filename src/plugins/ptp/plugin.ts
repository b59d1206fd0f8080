import { vethHandlers } from "../../veth/plugin.ts";
import { add } from "./add.ts";
import { check } from "./check.ts";
import { readConfig, readRemains } from "./config.ts";
import { status } from "./status.ts";

/** Joins a container to the host by a pair of its own: each container is reached by a route to its address. */
export const plugin = vethHandlers({ add, check, status, readConfig, readRemains });
