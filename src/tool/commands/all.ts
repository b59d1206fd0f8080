import type { Define } from "../define.ts";
import { addCommand, checkCommand, delCommand, statusCommand } from "./call.ts";
import { gcCommand } from "./gc.ts";
import { repairCommand } from "./repair.ts";
import { versionCommand } from "./version.ts";

/** The commands, in the order of the help: a line each. */
export const COMMANDS: readonly Define[] = [
  addCommand,
  checkCommand,
  delCommand,
  gcCommand,
  statusCommand,
  repairCommand,
  versionCommand,
];
