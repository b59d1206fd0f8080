import type { Define } from "../define.ts";
import { addCommand, checkCommand, delCommand, statusCommand } from "./call.ts";
import { completionCommand } from "./completion.ts";
import { doctorCommand } from "./doctor.ts";
import { explainCommand } from "./explain.ts";
import { gcCommand } from "./gc.ts";
import { installCommand } from "./install.ts";
import { ipamCommand } from "./ipam.ts";
import { logCommand } from "./log.ts";
import { pruneCommand } from "./prune.ts";
import { repairCommand } from "./repair.ts";
import { schemaCommand } from "./schema.ts";
import { svcCommand } from "./svc.ts";
import { versionCommand } from "./version.ts";

/** The commands, in the order of the help: a line each. */
export const COMMANDS: readonly Define[] = [
  addCommand,
  checkCommand,
  delCommand,
  gcCommand,
  statusCommand,
  doctorCommand,
  explainCommand,
  ipamCommand,
  repairCommand,
  pruneCommand,
  svcCommand,
  logCommand,
  installCommand,
  schemaCommand,
  completionCommand,
  versionCommand,
];
