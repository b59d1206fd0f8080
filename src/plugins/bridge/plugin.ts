import { vethHandlers } from "../../veth/plugin.ts";
import { add } from "./add.ts";
import { check } from "./check.ts";
import { readConfig, readRemains } from "./config.ts";
import { status } from "./status.ts";

/** Joins a container to a bridge of the host. */
export const plugin = vethHandlers({ add, check, status, readConfig, readRemains });
