import type { Define } from "../define.ts";
import { repairCommand } from "./repair.ts";
import { versionCommand } from "./version.ts";

/** The commands, in the order of the help: a file and a line each. */
export const COMMANDS: readonly Define[] = [repairCommand, versionCommand];
