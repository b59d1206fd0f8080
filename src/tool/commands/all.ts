import type { Define } from "../define.ts";
import { completionCommand } from "./completion.ts";
import { installCommand } from "./install.ts";
import { logCommand } from "./log.ts";
import { repairCommand } from "./repair.ts";
import { schemaCommand } from "./schema.ts";
import { versionCommand } from "./version.ts";

/** The commands, in the order of the help: a file and a line each. */
export const COMMANDS: readonly Define[] = [
  completionCommand,
  installCommand,
  logCommand,
  repairCommand,
  schemaCommand,
  versionCommand,
];
