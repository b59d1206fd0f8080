import type { Define } from "../define.ts";
import { explainCommand } from "./explain.ts";
import { repairCommand } from "./repair.ts";
import { versionCommand } from "./version.ts";

/** The commands, in the order of the help: a file and a line each. */
export const COMMANDS: readonly Define[] = [explainCommand, repairCommand, versionCommand];
